import type { Peer } from '@courant/kafka-protocol'

/** Fetches of one connection that read at the same time: one on its way to the disk, one to the socket. */
const LANE_WIDTH = 2

/**
 * Lets a connection's fetches read only as fast as its client takes the answers. A client may have
 * hundreds of fetches in flight, each worth megabytes: without this, one slow reader would hold all
 * of that in memory. A fetch that waits for records holds no place.
 */
export class FetchLanes {
  readonly #lanes = new WeakMap<Peer, Lane>()

  /** Calls `read` when it is this fetch's turn; its end is told by calling what `read` is given. */
  enter(peer: Peer, read: (leave: () => void) => void): void {
    let lane = this.#lanes.get(peer)
    if (lane === undefined) {
      lane = new Lane(peer)
      this.#lanes.set(peer, lane)
    }
    lane.enter(read)
  }
}

class Lane {
  readonly #peer: Peer
  #reading = 0
  #queue: ((leave: () => void) => void)[] = []
  #waitsForPeer = false

  constructor(peer: Peer) {
    this.#peer = peer
  }

  enter(read: (leave: () => void) => void): void {
    this.#queue.push(read)
    this.#next()
  }

  #next(): void {
    while (this.#queue.length > 0 && this.#reading < LANE_WIDTH) {
      if (!this.#peer.isWritable) return this.#waitForPeer()
      const read = this.#queue.shift()
      this.#reading += 1
      read?.(() => {
        this.#reading -= 1
        this.#next()
      })
    }
  }

  #waitForPeer(): void {
    if (this.#waitsForPeer) return
    this.#waitsForPeer = true
    this.#peer.whenWritable(() => {
      this.#waitsForPeer = false
      this.#next()
    })
  }
}
