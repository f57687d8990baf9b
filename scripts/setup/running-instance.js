/**
 * Finds a Courant that runs from this folder: replacing the packages under it would break it. Each
 * standalone writes `node_modules/.courant-running/<pid>.json` with `{pid, url}` and removes it at
 * its end. After a crash the file stays, and its pid may be another process by now: so it counts only
 * if something also listens where it says.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { isAlive } from './is-alive.js'

const CONNECT_MS_MAX = 1_000

/** `{pid, url}`, or null. */
export async function findRunningInstance(root) {
  const directory = join(root, 'node_modules', '.courant-running')
  if (!existsSync(directory)) return null
  for (const name of readdirSync(directory)) {
    const instance = parse(join(directory, name))
    if (instance === null || !isAlive(instance.pid)) continue
    if (await listens(instance.url)) return instance
  }
  return null
}

function parse(path) {
  try {
    const { pid, url } = JSON.parse(readFileSync(path, 'utf8'))
    return Number.isInteger(pid) && pid > 0 && typeof url === 'string' ? { pid, url } : null
  } catch {
    return null
  }
}

function listens(url) {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''))
    const finish = (answer) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(CONNECT_MS_MAX, () => finish(false))
    socket.once('connect', () => finish(true))
    socket.once('error', () => finish(false))
  })
}
