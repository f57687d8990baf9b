import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writePrivateFile } from '../private-file.ts'
import type { MemberStatus } from './member.ts'

/** What `<dataDir>/cluster.json` holds. */
export interface ClusterFileContent {
  /** Each with its pid, null while it does not run. How they are, only the supervisor can tell. */
  readonly processes: readonly Omit<MemberStatus, 'state' | 'exit'>[]
  readonly tenant: string
  readonly apiKey: string
  readonly operatorKey: string
  /** Who started them, and where it takes orders. */
  readonly supervisor: { readonly pid: number; readonly url: string; readonly token: string }
}

/**
 * `<dataDir>/cluster.json`: which processes run, and how programs of this user reach them. There
 * while the cluster serves, and after an end without a stop.
 */
export class ClusterFile {
  readonly #path: string
  #content: (() => Promise<ClusterFileContent>) | null = null
  #written: Promise<void> = Promise.resolve()

  constructor(dataDirectory: string) {
    this.#path = join(dataDirectory, 'cluster.json')
  }

  /** What an earlier run, that was killed, had started. */
  leftProcesses(): readonly Pick<MemberStatus, 'role' | 'id' | 'pid'>[] {
    try {
      const { processes } = JSON.parse(readFileSync(this.#path, 'utf8'))
      return Array.isArray(processes) ? processes : []
    } catch {
      return []
    }
  }

  /** Writes what `content` gives, now and at each update. */
  async write(content: () => Promise<ClusterFileContent>): Promise<void> {
    this.#content = content
    this.update()
    await this.#written
  }

  /** Has it written anew, unless the cluster does not serve yet or any more. */
  update(): void {
    const write = async (): Promise<void> => {
      if (this.#content !== null) await writePrivateFile(this.#path, await this.#content())
    }
    this.#written = this.#written.then(write, write)
  }

  async remove(): Promise<void> {
    this.#content = null
    await this.#written
    rmSync(this.#path, { force: true })
  }
}
