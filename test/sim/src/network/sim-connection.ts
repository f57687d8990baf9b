import type { Connection, ConnectionEvents } from '@courant/kernel'
import type { SimProcess } from '../machine/sim-process.ts'
import type { Wire } from './wire.ts'

/** Beyond this many bytes on the way `write` returns false. */
const QUEUED_BYTES_MAX = 256 * 1024

interface Packet {
  readonly chunks: Buffer[]
  readonly onSent: (() => void)[]
  bytes: number
}

/**
 * One end of a simulated connection. What is written in one event travels as one packet. Its bytes
 * are read when it arrives, and only then the writer hears that they are sent: memory that is used
 * again too early shows up as damage.
 */
export class SimConnection implements Connection {
  readonly process: SimProcess
  readonly remoteAddress: string
  #events: ConnectionEvents | null = null
  #peer: SimConnection | null = null
  #out: Wire | null = null
  #in: Wire | null = null
  #state: 'open' | 'ending' | 'closed' = 'open'
  /** Written before the other end was there. */
  #early: Packet[] = []
  #packet: Packet | null = null
  #queuedBytes = 0
  #peerIsSlow = false
  #hasWrittenToNobody = false
  /** The other end has asked to close; told once what came before it has been taken. */
  readonly #later: (callback: () => void) => void
  readonly #onGone: (connection: SimConnection) => void

  constructor(
    process: SimProcess,
    remoteAddress: string,
    onGone: (connection: SimConnection) => void,
  ) {
    this.process = process
    this.remoteAddress = remoteAddress
    this.#onGone = onGone
    this.#later = (callback) => process.later(0, callback)
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** It has written to a machine that has lost its power, which will answer with a reset. */
  get hasWrittenToNobody(): boolean {
    return this.#hasWrittenToNobody
  }

  get peer(): SimConnection | null {
    return this.#peer
  }

  begin(events: ConnectionEvents): void {
    this.#events = events
  }

  /** The other end is there: what was written so far may leave. */
  join(peer: SimConnection, out: Wire, incoming: Wire): void {
    this.#peer = peer
    this.#out = out
    this.#in = incoming
    for (const packet of this.#early.splice(0)) this.#send(packet)
    if (this.#state === 'ending') this.#sendEnd()
  }

  write(chunks: readonly Buffer[], onSent?: () => void): boolean {
    if (this.#state !== 'open') return true
    const packet = this.#packet ?? this.#newPacket()
    for (const chunk of chunks) {
      packet.chunks.push(chunk)
      packet.bytes += chunk.length
      this.#queuedBytes += chunk.length
    }
    if (onSent !== undefined) packet.onSent.push(onSent)
    if (this.#queuedBytes < QUEUED_BYTES_MAX) return true
    this.#peerIsSlow = true
    return false
  }

  pause(): void {
    this.#in?.hold()
  }

  resume(): void {
    this.#in?.goOn()
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    if (this.#out !== null) this.#sendEnd()
  }

  destroy(): void {
    if (this.#state === 'closed') return
    this.lost(null)
    this.tellPeer(null)
  }

  /** This end is gone: its owner hears of it, if it still lives. */
  lost(error: Error | null): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#in?.cut()
    this.#onGone(this)
    this.#later(() => this.#events?.onClose(error))
  }

  /** The kernel of this end says so, over the network. */
  tellPeer(error: Error | null): void {
    const peer = this.#peer
    this.#out?.send(null, () => peer?.lost(error))
  }

  #newPacket(): Packet {
    const packet: Packet = { chunks: [], onSent: [], bytes: 0 }
    this.#packet = packet
    this.#later(() => {
      this.#packet = null
      if (this.#state === 'closed') return
      if (this.#out === null) this.#early.push(packet)
      else this.#send(packet)
    })
    return packet
  }

  #send(packet: Packet): void {
    const peer = this.#peer
    if (peer === null) return
    if (peer.isClosed) this.#hasWrittenToNobody = true
    this.#out?.send(peer.process, () => this.#arrived(packet, peer))
  }

  #arrived({ chunks, onSent, bytes }: Packet, peer: SimConnection): void {
    if (peer.#state === 'closed') return
    const copy = Buffer.concat(chunks, bytes)
    if (this.#state !== 'closed') this.#later(() => this.#sent(bytes, onSent))
    peer.#events?.onData(copy)
    if (peer.#events?.dataUse === 'borrowed' && copy.length > 0) copy.fill(0xdb)
  }

  #sent(bytes: number, onSent: readonly (() => void)[]): void {
    if (this.#state === 'closed') return
    for (const sent of onSent) sent()
    this.#queuedBytes -= bytes
    if (!this.#peerIsSlow || this.#queuedBytes > QUEUED_BYTES_MAX / 2) return
    this.#peerIsSlow = false
    if (this.#state === 'open') this.#events?.onDrain()
  }

  /** The other end answers an end with its own, as sockets do that are not half open. */
  #sendEnd(): void {
    const peer = this.#peer
    if (peer === null) return
    this.#later(() =>
      this.#out?.send(null, () => {
        peer.lost(null)
        peer.tellPeer(null)
      }),
    )
  }
}
