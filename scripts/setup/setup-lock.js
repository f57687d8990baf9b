/**
 * One install at a time in a folder. Old Nodes have no file locks, so it is a file that its holder
 * touches each second; one that nobody has touched for long, or whose holder is dead, is stale.
 */
import { randomBytes } from 'node:crypto'
import {
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from './is-alive.js'

/** Beside node_modules: `npm ci` empties that. */
const LOCK = '.courant-setup.lock'
const BEAT_MS = 1_000
/** Generous, for a holder that was stopped for a moment must not be robbed. */
const STALE_MS = 60_000
const POLL_MS = 200

/** Runs `work` alone; calls `onWait` once if somebody else is at it. */
export async function withSetupLock(root, onWait, work) {
  const path = join(root, LOCK)
  const token = `${process.pid} ${randomBytes(8).toString('hex')}\n`
  let waits = 0
  while (!take(path, token)) {
    clearStale(path, token)
    waits += 1
    if (waits === 2) onWait()
    await sleep(POLL_MS)
  }
  const beat = setInterval(() => touch(path), BEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(beat)
    if (read(path) === token) rmSync(path, { force: true })
  }
}

function take(path, token) {
  try {
    writeFileSync(path, token, { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw new Error(`${path} cannot be written: ${error.message}. Is this folder yours?`)
  }
}

/**
 * Moves a stale lock away before removing it: of two that find it stale, the slower one would else
 * remove the lock that the faster has just taken. What was moved by mistake is put back.
 */
function clearStale(path, token) {
  const found = read(path)
  if (found === null || !isStale(path, found)) return
  const aside = `${path}.${token.trim().replace(' ', '-')}`
  try {
    renameSync(path, aside)
    if (read(aside) !== found) linkSync(aside, path)
  } catch {
    // Somebody else was faster; the next round sees how things stand.
  }
  rmSync(aside, { force: true })
}

function isStale(path, found) {
  const age = ageOf(path)
  if (age > STALE_MS) return true
  // A lock that is being written has no pid yet.
  const pid = Number(found.split(' ')[0])
  return found !== '' && !isAlive(pid)
}

function ageOf(path) {
  try {
    return Date.now() - statSync(path).mtimeMs
  } catch {
    return 0
  }
}

function touch(path) {
  const now = new Date()
  try {
    utimesSync(path, now, now)
  } catch {
    // Removed by hand: the install itself is not harmed.
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
