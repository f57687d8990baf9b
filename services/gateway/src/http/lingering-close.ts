/**
 * How a connection ends whose peer may still be sending: a refused upload, or bytes that are not
 * HTTP. To close at once would answer those bytes with a reset, and a reset may make the peer's
 * system drop the answer before the peer has read it (RFC 9112, 9.6). So we say that nothing more
 * comes from us, and read and drop what still comes until the peer closes too, within bounds.
 */
import type { IncomingMessage, Server } from 'node:http'
import { type Clock, limits } from '@courant/kernel'

type Socket = IncomingMessage['socket']

/** Lets every connection of the server linger behind an answer with `connection: close`. */
export function lingerAfterLastAnswers(server: Server, clock: Clock): void {
  server.on('connection', (socket: Socket) => {
    // What node:http calls behind such an answer; its own would close both directions.
    socket.destroySoon = () => closeLingering(socket, clock)
  })
}

/** Ends our direction behind what was written; the socket is gone within `limits.lingerMsMax`. */
export function closeLingering(socket: Socket, clock: Clock): void {
  if (socket.destroyed || socket.writableEnded) return
  const timer = clock.setTimer(limits.lingerMsMax, () => socket.destroy())
  socket.once('close', () => timer.cancel())
  socket.end()
  // Where a body was not read, node:http has stopped the system's reading; only with its own
  // listener, called before ours, does a resumed socket read on.
  if (socket.isPaused()) socket.once('resume', () => dropWhatComes(socket)).resume()
  else dropWhatComes(socket)
}

/** Behind a last answer nothing is a request any more, so node:http must not see what comes. */
function dropWhatComes(socket: Socket): void {
  let droppedBytes = 0
  socket.removeAllListeners('data')
  socket.on('data', (chunk: Buffer) => {
    droppedBytes += chunk.length
    if (droppedBytes > limits.lingerBytesMax) socket.destroy()
  })
}
