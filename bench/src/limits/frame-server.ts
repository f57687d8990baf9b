import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { FrameParser } from '../load/frame-parser.ts'

/** Serves `answer` once for each frame that arrives. Returns the port. */
export async function serveFrames(
  answer: (socket: Socket, frames: number) => void,
): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    const parser = new FrameParser([])
    socket.on('data', (bytes) => answer(socket, parser.read(bytes as Buffer)))
    socket.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** A frame of zeros with its prefix. */
export function zeroFrame(bytes: number): Buffer {
  const frame = Buffer.alloc(4 + bytes)
  frame.writeUInt32BE(bytes, 0)
  return frame
}
