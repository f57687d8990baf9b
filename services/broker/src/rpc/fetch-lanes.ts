import type { Exchange, Peer } from '@courant/kafka-protocol'

/**
 * Fetches of one connection that read at the same time: one on its way to the disk, one to the
 * socket.
 */
const LANE_WIDTH = 2

type FetchExchange = Pick<Exchange<never>, 'peer' | 'isTaken'>

/** A fetch that wants to read. It calls what `read` is given when it has finished. */
interface Reader {
  readonly exchange: FetchExchange
  read(leave: () => void): void
}

/**
 * Lets a connection's fetches read only as fast as its client takes the answers. A client may have
 * hundreds of fetches in flight, each worth megabytes: without this, one slow reader would hold all
 * of that in memory. A fetch that waits for records holds no place.
 */
export class FetchLanes {
  readonly #lanes = new WeakMap<Peer, Lane>()

  enter(exchange: FetchExchange, read: (leave: () => void) => void): void {
    const { peer } = exchange
    let lane = this.#lanes.get(peer)
    if (lane === undefined) {
      lane = new Lane(peer)
      this.#lanes.set(peer, lane)
    }
    lane.enter({ exchange, read })
  }
}

class Lane {
  readonly #peer: Peer
  #reading = 0
  #queue: Reader[] = []
  #waitsForPeer = false

  constructor(peer: Peer) {
    this.#peer = peer
  }

  enter(reader: Reader): void {
    this.#queue.push(reader)
    this.#next()
  }

  /**
   * In the order of arrival, except that an answer which can leave goes before those that cannot.
   */
  #next(): void {
    while (this.#queue.length > 0 && this.#reading < LANE_WIDTH) {
      const index = this.#queue.findIndex(({ exchange }) => exchange.isTaken)
      if (index === -1) {
        this.#waitForPeer()
        return
      }
      const [reader] = this.#queue.splice(index, 1)
      this.#reading += 1
      reader?.read(() => {
        this.#reading -= 1
        this.#next()
      })
    }
  }

  #waitForPeer(): void {
    if (this.#waitsForPeer) return
    this.#waitsForPeer = true
    this.#peer.whenTaken(() => {
      this.#waitsForPeer = false
      this.#next()
    })
  }
}
