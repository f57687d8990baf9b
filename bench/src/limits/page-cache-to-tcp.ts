/**
 * Limit: a server that answers each request with the next piece of a file that the page cache
 * holds, read through the thread pool into one of a few buffers, as all must that may not block.
 */
import { openSync, read, writeSync } from 'node:fs'
import type { Socket } from 'node:net'
import { serveFrames, zeroFrame } from './frame-server.ts'

export interface PageCacheServer {
  readonly path: string
  readonly fileBytes: number
  readonly frameBytes: number
}

export async function start({ path, fileBytes, frameBytes }: PageCacheServer): Promise<number> {
  const file = openSync(path, 'w+')
  const block = Buffer.alloc(1 << 20, 'x')
  for (let at = 0; at < fileBytes; at += block.length) writeSync(file, block, 0, block.length, at)
  const idle: Buffer[] = []
  let position = 0
  return await serveFrames((socket, frames) => {
    for (let count = 0; count < frames; count++) {
      position = (position + frameBytes) % (fileBytes - frameBytes)
      const buffer = idle.pop() ?? zeroFrame(frameBytes)
      sendPiece(socket, file, position, buffer, () => idle.push(buffer))
    }
  })
}

function sendPiece(
  socket: Socket,
  file: number,
  position: number,
  buffer: Buffer,
  done: () => void,
): void {
  read(file, buffer, 4, buffer.length - 4, position, (error) => {
    if (error === null) socket.write(buffer, done)
    else socket.destroy(error)
  })
}
