/** Limit: a server that answers each request with the same bytes out of memory, nothing else. */
import { serveFrames, zeroFrame } from './frame-server.ts'

export async function start({ frameBytes }: { readonly frameBytes: number }): Promise<number> {
  const frame = zeroFrame(frameBytes)
  return await serveFrames((socket, frames) => {
    for (let count = 0; count < frames; count++) socket.write(frame)
  })
}
