import { assert, type Clock, isNewer, type MetadataPosition, type Random } from '@courant/kernel'
import {
  DirectoryInUseError,
  type LogDirectory,
  openLogDirectory,
  type Storage,
} from '@courant/log'
import type { Logger } from '@courant/service-kit'
import {
  type DirectoryIdentity,
  DirectoryIdentityError,
  readIdentity,
  writeIdentity,
} from './directory-identity.ts'

export interface DataDirectoryOptions {
  readonly storage: Storage
  /** For messages. */
  readonly path: string
  readonly brokerId: number
  readonly ringBytes: number
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** A write or a sync failed: nothing is appended any more until the process starts anew. */
  readonly onOffline: () => void
}

/** The logs of a broker, and to which broker of which cluster they belong. */
export class DataDirectory {
  readonly #options: DataDirectoryOptions
  #identity: DirectoryIdentity
  #logs: LogDirectory | null = null
  #isOffline = false
  /** Writes of the identity follow one another: they share a file. */
  #saving: Promise<void> = Promise.resolve()

  private constructor(options: DataDirectoryOptions, identity: DirectoryIdentity) {
    this.#options = options
    this.#identity = identity
  }

  /**
   * Recovers the logs. Throws DirectoryInUseError or DirectoryIdentityError before anything is
   * changed in a directory that another process holds, or that is another broker's.
   */
  static async open(options: DataDirectoryOptions): Promise<DataDirectory> {
    const { storage, path, brokerId, ringBytes, clock, random } = options
    const known = await readIdentity(storage)
    if (known !== null && known.brokerId !== brokerId) {
      throw new DirectoryIdentityError(
        `The data directory ${path} belongs to broker ${known.brokerId}, and this is broker ${brokerId}.`,
      )
    }
    const directory = new DataDirectory(options, known ?? newIdentity(brokerId, random))
    const onOffline = (cause: Error) => directory.#fail(cause)
    directory.#logs = await openLogDirectory({
      storage,
      clock,
      random,
      ringBytes,
      onOffline,
    }).catch((error: unknown) => {
      throw error instanceof DirectoryInUseError ? inUse(path, error) : error
    })
    if (known === null) await directory.#save()
    return directory
  }

  get logs(): LogDirectory {
    assert(this.#logs !== null, 'an open directory has logs')
    return this.#logs
  }

  get identity(): DirectoryIdentity {
    return this.#identity
  }

  get isOffline(): boolean {
    return this.#isOffline
  }

  /**
   * Everything that was acknowledged in the epoch of `identity` is here: no write failed in it, and
   * nothing that has been read is damaged (amendment 1 of the reliability rules).
   */
  get isIntact(): boolean {
    const { brokerEpoch, failedEpoch } = this.#identity
    const hasFailed = this.#isOffline || (failedEpoch > 0 && failedEpoch === brokerEpoch)
    return !hasFailed && this.logs.metrics().corruptPartitions === 0
  }

  /** Notes the epoch, durably: nothing may be appended in it before this resolves. */
  async beginEpoch(clusterId: string, brokerEpoch: number): Promise<void> {
    const { path } = this.#options
    const { clusterId: own } = this.#identity
    if (own !== '' && own !== clusterId) {
      throw new DirectoryIdentityError(
        `The data directory ${path} belongs to cluster ${own}, and the control plane is that of ${clusterId}.`,
      )
    }
    if (this.#isOffline) return
    this.#identity = { ...this.#identity, clusterId, brokerEpoch }
    await this.#save()
  }

  /**
   * Notes what is known of the metadata, so that a process which begins with an old backup of it
   * can tell (B1.2). Older than what is noted: nothing changes.
   */
  noteSeen(position: MetadataPosition): void {
    if (this.#isOffline || !isNewer(position, this.#identity.seen)) return
    const { clusterIncarnation, metadataVersion } = position
    this.#identity = { ...this.#identity, seen: { clusterIncarnation, metadataVersion } }
    this.#save().catch((error: unknown) => {
      this.#options.log.error({ err: error }, 'the version of the metadata could not be noted')
    })
  }

  async close(): Promise<void> {
    await this.#saving.catch(() => undefined)
    await this.logs.close()
  }

  /** Notes the failure where the next start finds it, if the disk still takes that much. */
  #fail(cause: Error): void {
    const { log, onOffline } = this.#options
    this.#isOffline = true
    log.fatal({ err: cause }, 'the data directory is offline after a disk error')
    this.#identity = { ...this.#identity, failedEpoch: this.#identity.brokerEpoch }
    this.#save().catch((error: unknown) => {
      log.error({ err: error }, 'the failure could not be noted in the data directory')
    })
    onOffline()
  }

  #save(): Promise<void> {
    const write = () => writeIdentity(this.#options.storage, this.#identity)
    this.#saving = this.#saving.then(write, write)
    return this.#saving
  }
}

function newIdentity(brokerId: number, random: Random): DirectoryIdentity {
  const seen = { clusterIncarnation: 0, metadataVersion: 0 }
  return {
    ...{ clusterId: '', brokerId, directoryId: random.uuid() },
    ...{ brokerEpoch: 0, failedEpoch: 0, seen },
  }
}

function inUse(path: string, cause: Error): DirectoryInUseError {
  return new DirectoryInUseError(
    `Another process uses the data directory ${path}. Stop it, or set COURANT_DATA_DIR to another one.`,
    { cause },
  )
}
