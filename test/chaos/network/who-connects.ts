import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Pid of the process that has a connection from this local port, as Linux tells it; else null. */
export function whoConnects(localPort: number, pids: readonly number[]): number | null {
  const inode = inodeOf(localPort)
  return inode === null ? null : (pids.find((pid) => has(pid, `socket:[${inode}]`)) ?? null)
}

/** The columns of /proc/net/tcp: number, local and remote address as hex, …, inode. */
function inodeOf(localPort: number): string | null {
  const suffix = `:${localPort.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = readOrEmpty('/proc/net/tcp').split('\n')
  const columns = lines.map((line) => line.trim().split(/\s+/))
  return columns.find(([, local]) => local?.endsWith(suffix))?.[9] ?? null
}

function has(pid: number, link: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === link)
  } catch {
    return false
  }
}

/** A descriptor may be closed while we look. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
