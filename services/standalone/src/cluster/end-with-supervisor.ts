/**
 * Loaded into each service before its own code (`node --import`): when the supervisor is gone,
 * however it ended, the other end of our standard input closes, and the service stops in order. So
 * kill -9 of the supervisor leaves no orphan, on any system. Nothing else writes to that pipe, and
 * it does not keep the process alive.
 */
import { Socket } from 'node:net'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  const supervisor = new Socket({ fd: 0, readable: true, writable: false })
  supervisor.on('error', stop)
  supervisor.on('close', stop)
  supervisor.resume()
  supervisor.unref()
}

function stop(): void {
  process.kill(process.pid, 'SIGTERM')
}
