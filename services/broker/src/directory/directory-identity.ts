/**
 * Whose data directory this is: `meta.properties`, as Kafka calls it. Written whole beside the old
 * one, synced, renamed, and the directory synced, so that a power cut leaves the old or the new
 * one.
 *
 * ```
 * #crc32c=<8 hex digits over the lines below>
 * version=1
 * cluster.id=<uuid, empty until the first registration>
 * broker.id=<number>
 * directory.id=<uuid>
 * broker.epoch=<the epoch in which the directory was last written, 0 before the first>
 * cluster.incarnation=<of the newest metadata that this broker has seen, 0 before the first>
 * metadata.version=<its version>
 * failed.epoch=<the newest epoch in which the disk failed, 0 when it never has>
 * ```
 */

import type { MetadataPosition } from '@courant/kernel'
import { type Storage, StorageMissingError } from '@courant/log'
import { crc32c } from '@courant/record-batch'

export interface DirectoryIdentity {
  readonly clusterId: string
  readonly brokerId: number
  readonly directoryId: string
  /** Synced before the first append of that epoch. */
  readonly brokerEpoch: number
  readonly failedEpoch: number
  /** The newest metadata that was seen here (reliability B1.2). Absent in older directories. */
  readonly seen: MetadataPosition
}

const FILE = 'meta.properties'
const NEW_FILE = 'meta.properties.new'
const BYTES_MAX = 4_096
const VERSION = '1'

/** The data directory cannot be used by this broker. The message is for the operator. */
export class DirectoryIdentityError extends Error {
  override readonly name = 'DirectoryIdentityError'
}

/**
 * Null for a directory that has none yet. Throws DirectoryIdentityError for one that is damaged.
 */
export async function readIdentity(storage: Storage): Promise<DirectoryIdentity | null> {
  const text = await readText(storage)
  if (text === null) return null
  const end = text.indexOf('\n') + 1
  const body = text.slice(end)
  if (text.slice(0, end) !== checksumLine(body)) throw damaged('its checksum is wrong')
  const values = new Map(body.split('\n').map((line) => split(line)))
  if (values.get('version') !== VERSION) throw damaged(`its version is not ${VERSION}`)
  return {
    clusterId: values.get('cluster.id') ?? '',
    brokerId: whole(values.get('broker.id')),
    directoryId: values.get('directory.id') ?? '',
    brokerEpoch: whole(values.get('broker.epoch')),
    failedEpoch: whole(values.get('failed.epoch')),
    seen: {
      clusterIncarnation: whole(values.get('cluster.incarnation') ?? '0'),
      metadataVersion: whole(values.get('metadata.version') ?? '0'),
    },
  }
}

/** Durable when it resolves. */
export async function writeIdentity(storage: Storage, identity: DirectoryIdentity): Promise<void> {
  const body = [
    `version=${VERSION}`,
    `cluster.id=${identity.clusterId}`,
    `broker.id=${identity.brokerId}`,
    `directory.id=${identity.directoryId}`,
    `broker.epoch=${identity.brokerEpoch}`,
    `failed.epoch=${identity.failedEpoch}`,
    `cluster.incarnation=${identity.seen.clusterIncarnation}`,
    `metadata.version=${identity.seen.metadataVersion}`,
    '',
  ].join('\n')
  const bytes = Buffer.from(checksumLine(body) + body)
  const file = await storage.open(NEW_FILE, 'create')
  try {
    await file.truncate(0)
    for (let written = 0; written < bytes.length; ) {
      written += await file.write([bytes.subarray(written)], written)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  await storage.rename(NEW_FILE, FILE)
  await storage.syncDirectory('')
}

async function readText(storage: Storage): Promise<string | null> {
  try {
    const file = await storage.open(FILE, 'read')
    try {
      const bytes = Buffer.alloc(BYTES_MAX)
      return bytes.toString('utf8', 0, await file.read(bytes, 0))
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof StorageMissingError) return null
    throw error
  }
}

function checksumLine(body: string): string {
  const bytes = Buffer.from(body)
  return `#crc32c=${crc32c(bytes, 0, bytes.length).toString(16).padStart(8, '0')}\n`
}

function split(line: string): [string, string] {
  const at = line.indexOf('=')
  return [line.slice(0, at), line.slice(at + 1)]
}

function whole(text: string | undefined): number {
  const value = Number(text)
  if (text === undefined || text === '' || !Number.isSafeInteger(value) || value < 0) {
    throw damaged('a number in it cannot be read')
  }
  return value
}

function damaged(why: string): DirectoryIdentityError {
  return new DirectoryIdentityError(
    `${FILE} of the data directory is damaged: ${why}. Nothing was changed; restore the file, or ` +
      'start this broker on an empty directory and let it fetch its replicas anew.',
  )
}
