import process from 'node:process'

/** Whether a process has this pid, somebody else's too. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
