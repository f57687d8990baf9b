import type { SnapshotChunk } from '@courant/api/internal/v1/metadata'
import { assert } from '@courant/kernel'
import { MetadataState } from './metadata-state.ts'

/** Collects the chunks of one snapshot beside the copy, which stays readable until the last one. */
export class SnapshotReceiver {
  readonly state = new MetadataState()
  readonly version: number

  constructor(version: number) {
    this.version = version
  }

  /** Returns whether the state is complete. */
  add(chunk: SnapshotChunk): boolean {
    assert(chunk.version === this.version, 'chunks of two snapshots in one stream')
    for (const entry of chunk.entries) this.state.apply(entry)
    return chunk.last
  }
}
