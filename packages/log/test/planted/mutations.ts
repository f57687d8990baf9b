import type { Mutation } from './mutation.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'acknowledge before the sync',
    file: 'ring/ring.ts',
    find: '    await file.sync()\n    return position',
    replace: '    void file.sync().catch(() => undefined)\n    return position',
  },
  {
    name: 'use a run of the ring again',
    file: 'ring/ring-file.ts',
    find: 'run: superblock.run + 1',
    replace: 'run: superblock.run',
  },
  {
    name: 'leave the second superblock in the past',
    file: 'ring/ring-file.ts',
    find: 'for (const position of [0, BLOCK_BYTES])',
    replace: 'for (const position of [0])',
  },
  {
    name: 'do not look for a later cycle',
    file: 'ring/ring-reader.ts',
    find: 'if (await this.#laterExists(window))',
    replace: 'if ((await this.#laterExists(window)) && false)',
  },
  {
    name: 'believe a cycle without its secret',
    file: 'ring/ring-layout.ts',
    find: '  if (!from.subarray(32, 32 + SECRET_BYTES).equals(secret)) return null\n',
    replace: '',
  },
  {
    name: 'apply half of a torn cycle',
    file: 'ring/ring-reader.ts',
    find: 'return crc32c(bytes, 4) === header.crc ? { header, bytes } : null',
    replace: 'return { header, bytes }',
  },
  {
    name: 'lose the bytes between two pieces of the ring',
    file: 'ring/ring-window.ts',
    find: 'this.#filled = kept.copy(this.#memory)',
    replace: 'this.#filled = kept.length',
  },
  {
    name: 'check no header on a read',
    firstSeed: 84,
    file: 'segment/segment-scan.ts',
    find: 'if (problem !== null) throw corruptSegment(segment, problem)',
    replace: '',
  },
  {
    name: 'replay the entries of a cycle backwards',
    file: 'directory/replay.ts',
    find: 'of decodeEntries(payload)',
    replace: 'of [...decodeEntries(payload)].reverse()',
  },
  {
    name: 'replay what the checkpoint has already',
    file: 'directory/replay.ts',
    find: 'if (cycle <= (this.#appliedCycles.get(incarnation) ?? 0)) return',
    replace: '',
  },
  {
    name: 'checkpoint before the segment is synced',
    file: 'segment/segment-writer.ts',
    find: '    await file.sync()\n',
    replace: '',
  },
  {
    name: 'checkpoint before the name of a segment is synced',
    file: 'segment/partition-files.ts',
    find: 'if (writes.some((write) => write.position === 0)) await',
    replace: 'if (writes.length < 0) await',
  },
  {
    name: 'free the ring before the checkpoint log is synced',
    file: 'checkpoint/checkpoint-log.ts',
    find: '    await this.#file.sync()\n',
    replace: '',
  },
  {
    name: 'replace the checkpoint log without syncing its name',
    file: 'disk/file-io.ts',
    find: '  await storage.syncDirectory(directory)\n',
    replace: '',
  },
  {
    name: 'do not enter a truncation in the ring',
    file: 'partition/log-removals.ts',
    find: '{ type, incarnation, offset: end }',
    replace: "{ type: 'logStart', incarnation, offset: 0 as Offset }",
  },
  {
    name: 'let trimmed records return',
    file: 'directory/replay.ts',
    find: '        state.trimTo(entry.offset)\n',
    replace: '',
  },
  {
    name: 'give a re-created partition the number of the deleted one',
    file: 'directory/disk-log-directory.ts',
    find: '    this.#nextIncarnation += 1\n',
    replace: '',
  },
  {
    name: 'forget that a log went on while its round was saved',
    file: 'checkpoint/checkpointer.ts',
    find: 'const neededFrom = log.neededAfter(appliedCycle)',
    replace: 'const neededFrom = null as number | null',
  },
  {
    name: 'checkpoint what is not durable yet',
    file: 'partition/disk-partition-log.ts',
    find: 'Math.min(ring.durableCycle, this.#removals.cycleBefore)',
    replace: 'this.#removals.cycleBefore',
  },
  {
    name: 'overwrite live cycles of the ring',
    file: 'ring/ring-places.ts',
    find: 'return this.#head + bytes < tail ? this.#head : null',
    replace: 'return this.#head + bytes <= this.#ringBytes ? this.#head : null',
  },
  {
    name: 'believe pages that a failed sync has dropped',
    file: 'directory/open-log-directory.ts',
    find: '  if (newest !== null) await writeFully(file, [newest.bytes], newest.position)\n',
    replace: '',
  },
  {
    name: 'let the count of queued bytes drift',
    file: 'ring/ring.ts',
    find: '    this.#queuedBytes += encoded.length\n',
    replace: '',
  },
  {
    name: 'put off the wipe of the ring at a restart',
    file: 'directory/erasure.ts',
    find: 'this.#dueMs = Math.min(dueMs, clock.now() + DELAY_MS)',
    replace: 'this.#dueMs = dueMs === 0 ? 0 : clock.now() + DELAY_MS',
  },
  {
    name: 'cut files by entries that are not synced',
    file: 'directory/open-log-directory.ts',
    find: '  const begun = await beginRun(file, superblock)\n',
    replace:
      '  for (const log of recovered.logs) await log.finishReplay()\n' +
      '  const begun = await beginRun(file, superblock)\n',
  },
  {
    name: 'allow changes during a truncation',
    file: 'partition/log-removals.ts',
    find: "    if (this.#changingCycle !== NONE) throw new BusError('BUSY', 'The log is being truncated.')\n",
    replace: '',
  },
  {
    name: 'let a checkpoint see a truncation between its two ends',
    file: 'partition/log-removals.ts',
    find: '        this.#changingCycle = NONE\n        isApplied = true\n',
    replace: '',
  },
  {
    name: 'believe an index that was damaged',
    file: 'segment/segment-index.ts',
    find: 'if (crc !== this.#entries.readUInt32LE(at + ENTRY_CRC)) return false',
    replace: '',
  },
  {
    name: 'lose the log start in a checkpoint',
    file: 'partition/file-changes.ts',
    find: 'logStartOffset: Math.min(state.durableLogStart, fileEnd) as Offset',
    replace: 'logStartOffset: 0 as Offset',
  },
  {
    name: 'retry a failed sync of the ring',
    file: 'ring/ring.ts',
    find: '    await file.sync()\n    return position',
    replace: '    await file.sync().catch(() => file.sync())\n    return position',
  },
  {
    name: 'use memory again while a reader has it, tail',
    file: 'partition/tail.ts',
    find: '        run.slab.hold()\n        slabs.push(run.slab)\n',
    replace: '',
  },
  {
    name: 'use memory again while a reader has it, file',
    file: 'segment/segment-reader.ts',
    find: 'release: releaseOnce([slab])',
    replace: 'release: (slab.release(), () => undefined)',
  },
  {
    name: 'use memory again while a cycle is written from it',
    firstSeed: 253,
    file: 'ring/ring-cycle.ts',
    find: '    const [header = ZEROS, ...entries] = chunks\n',
    replace:
      '    const [header = ZEROS, ...entries] = chunks\n' +
      '    for (const { slab } of this.#extents.splice(0)) slab.release()\n',
  },
  {
    name: 'use memory again that is still to be checkpointed',
    file: 'partition/tail.ts',
    find: '      run.slab?.hold()\n      this.#runs.push(run)\n',
    replace: '      this.#runs.push(run)\n',
  },
  {
    name: 'give back the memory of a deleted log',
    file: 'partition/log-state.ts',
    find: "    this.status = 'deleted'\n    this.tail = null\n",
    replace:
      "    this.status = 'deleted'\n" +
      '    for (const run of this.tail?.runsFrom(this.tail.start ?? this.appendedEnd) ?? [])\n' +
      '      run.slab?.release()\n' +
      '    this.tail = null\n',
  },
  {
    name: 'append what a producer sends again',
    file: 'producer/producer-state.ts',
    find: 'if (original !== null) return original',
    replace: 'if (original !== null) return null',
  },
  {
    name: 'acknowledge a duplicate of a producer before its original is durable',
    file: 'partition/log-appends.ts',
    find: 'isDurable ? ALREADY_DURABLE : context.ring.durabilityOf(found.run.cycle)',
    replace: 'isDurable ? ALREADY_DURABLE : ALREADY_DURABLE',
  },
  {
    name: 'keep what a truncation takes of a producer',
    file: 'partition/log-state.ts',
    find: '    this.producers?.truncateTo(end, this.tail?.allPending() ?? [], nowMs)\n',
    replace: '',
  },
  {
    name: 'keep the producers of a log that begins anew',
    file: 'partition/log-state.ts',
    find: '    this.epochs.clear()\n    this.producers = null\n',
    replace: '    this.epochs.clear()\n',
  },
  {
    name: 'forget the producers in a checkpoint',
    file: 'partition/file-changes.ts',
    find: 'producers: state.producers?.saved ?? NO_PRODUCERS',
    replace: 'producers: NO_PRODUCERS',
  },
  {
    name: 'checkpoint what is not on file of a producer',
    file: 'partition/log-state.ts',
    find: "this.tail?.hasPending ? 'pending' : 'none'",
    replace: "'none'",
  },
  {
    name: 'look for the producers of a checkpoint in memory that is used again',
    file: 'partition/file-changes.ts',
    find:
      '  state.saveProducers(runs, context.clock.now())\n' +
      '  if (tail !== null) for (const run of runs) tailCache.add(tail, run)\n',
    replace:
      '  if (tail !== null) for (const run of runs) tailCache.add(tail, run)\n' +
      '  state.saveProducers(runs, context.clock.now())\n',
  },
  {
    name: 'replay the ring without its producers',
    file: 'partition/log-state.ts',
    find: '    if (hasProducer) this.noteProducers(run, nowMs)\n',
    replace: '',
  },
  {
    name: 'replicate without noting the producers',
    file: 'partition/log-appends.ts',
    find:
      '  if (hasProducer) state.noteProducers(run, context.clock.now())\n' +
      '  return add(log, run, cycle, NO_TIME)\n',
    replace: '  return add(log, run, cycle, NO_TIME)\n',
  },
  {
    name: 'keep of a producer only what answers its duplicates',
    file: 'producer/producer-slot.ts',
    find: 'const BATCHES = ANSWERED_BATCHES + 1',
    replace: 'const BATCHES = ANSWERED_BATCHES',
  },
  {
    name: 'take a jump of the sequence of a producer',
    file: 'producer/producer-state.ts',
    find: '    throw outOfOrder(batch, expected)\n',
    replace: '    return null\n',
  },
  {
    name: 'let the epoch of a producer go back',
    file: 'producer/producer-state.ts',
    find: '    if (batch.producerEpoch < epoch) throw fenced(batch, epoch)\n',
    replace: '',
  },
]
