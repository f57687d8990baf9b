/** A small file system for each broker, in a file that is mounted as a disk. It needs root. */
import { mkdir, readFile, rm, statfs, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServicePlan } from '@courant/standalone'
import { isAlive } from '../is-alive.ts'
import { runCommand } from '../run-command.ts'
import type { ChaosDisks } from './chaos-disks.ts'

/** Twice the ring and a whole segment, below which a broker takes nothing, and room for the run. */
const DISK_BYTES = 1_792 << 20
/** A line of /proc/mounts, with the directory and the pid of its run. */
const MOUNT = /^\S+ (\S*\/courant-chaos-(\d+)-\S+) /gm
const FILLER = 'filler'

export class LoopbackDisks implements ChaosDisks {
  readonly means = 'full disks: loopback file systems'
  readonly #home: string
  readonly #mounted = new Map<number, string>()

  private constructor(home: string) {
    this.#home = home
  }

  /** Null where that is not allowed. */
  static async open(home: string): Promise<LoopbackDisks | null> {
    await removeLeftovers()
    const disks = new LoopbackDisks(home)
    const probe = join(home, 'probe')
    try {
      await disks.#mount(0, probe)
      await disks.close()
      return disks
    } catch {
      await disks.close()
      return null
    }
  }

  async adapt(plan: ServicePlan): Promise<ServicePlan> {
    const directory = plan.env['COURANT_DATA_DIR']
    if (plan.role === 'broker' && directory !== undefined) await this.#mount(plan.id, directory)
    return plan
  }

  canFill(): boolean {
    return true
  }

  async fill(brokerId: number): Promise<void> {
    const directory = this.#directoryOf(brokerId)
    const { bavail, bsize } = await statfs(directory)
    // As much as there is in one piece, and then what is left over in small ones.
    for (let length = bavail * bsize; length >= bsize; length = Math.floor(length / 2)) {
      await runCommand(
        'fallocate',
        '-o',
        await this.#fillerBytes(directory),
        '-l',
        `${length}`,
        join(directory, FILLER),
      ).catch(() => {})
    }
  }

  async empty(brokerId: number): Promise<void> {
    await rm(join(this.#directoryOf(brokerId), FILLER), { force: true })
  }

  async close(): Promise<void> {
    for (const directory of this.#mounted.values()) await runCommand('umount', directory)
    this.#mounted.clear()
  }

  async #fillerBytes(directory: string): Promise<string> {
    const size = await runCommand('stat', '-c', '%s', join(directory, FILLER)).catch(() => '0')
    return size.trim()
  }

  async #mount(id: number, directory: string): Promise<void> {
    const image = join(this.#home, `disk-${id}`)
    await writeFile(image, '')
    await truncate(image, DISK_BYTES)
    await runCommand('mkfs.ext4', '-q', '-m', '0', image)
    await mkdir(directory, { recursive: true })
    await runCommand('mount', '-o', 'loop', image, directory)
    this.#mounted.set(id, directory)
  }

  #directoryOf(brokerId: number): string {
    const directory = this.#mounted.get(brokerId)
    if (directory === undefined) throw new Error(`broker ${brokerId} has no disk of its own`)
    return directory
  }
}

/** Of runs that were killed: they belong to nobody, and keep their files. */
async function removeLeftovers(): Promise<void> {
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '')
  for (const [, directory = '', pid] of mounts.matchAll(MOUNT)) {
    if (!isAlive(Number(pid))) await runCommand('umount', directory).catch(() => {})
  }
}
