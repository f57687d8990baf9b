import type { LogDirectory, PartitionLog } from '../../src/index.ts'
import { type AppendingLife, appendSome, type Live, latestOf, produceSome } from './appending.ts'
import { damageAndOpen } from './damage.ts'
import { forgedBatch } from './forgery.ts'
import { HeldReads } from './held-reads.ts'
import { batchesOf, checkQueries, sameBatches } from './observe.ts'
import { PRODUCER_IDS } from './producers.ts'
import { acceptedChange, refusal } from './refusal.ts'
import { EMPTY, emptyAt, trimmed, truncated, withBatches, withEpoch } from './shadow.ts'
import type { SimStorage } from './sim-storage.ts'
import { ensure, Violation } from './violation.ts'
import {
  epochOf,
  findLog,
  offsetOf,
  PARTITIONS,
  shadowOf,
  someBatches,
  TOPIC,
  type World,
} from './world.ts'

/** The process has died, or its disk has failed: there is nothing more to do in this life. */
class Over extends Error {}

/**
 * What one process does between its start and its death: operations in an order that the seed
 * chooses, each told to the shadow when it is entered and acknowledged there when the engine says
 * so. Those that the engine enters at once are not waited for, so that they overlap.
 */
export class Life implements AppendingLife {
  readonly world: World
  readonly #directory: LogDirectory
  readonly #storage: SimStorage
  readonly #pending: Promise<unknown>[] = []
  readonly #held = new HeldReads()
  #violation: unknown = null
  #isSweeping = false

  constructor(world: World, directory: LogDirectory, storage: SimStorage) {
    this.world = world
    this.#directory = directory
    this.#storage = storage
  }

  /** Whether the process still lives after so many operations. */
  async run(steps: number): Promise<boolean> {
    try {
      for (let step = 0; step < steps; step += 1) {
        await this.#step()
        this.#held.letSomeGo(this.world.random)
        if (this.#violation !== null) throw this.#violation
      }
      return !this.#storage.hasFailed
    } catch (error) {
      if (error instanceof Over) return false
      throw error
    } finally {
      this.#held.letGo(this.#held.count, this.world.random)
      if (this.#storage.hasFailed && this.#isSweeping) this.#noteRetained()
    }
  }

  /** Everything entered so far is acknowledged, and no checkpoint is under way. */
  async settle(): Promise<void> {
    await this.#survive(Promise.all(this.#pending.splice(0)))
    if (this.#violation !== null) throw this.#violation
  }

  async #step(): Promise<void> {
    const { random } = this.world
    const operations: readonly (readonly [number, () => Promise<void>])[] = [
      [20, () => this.#append()],
      [16, () => this.#produce()],
      [8, () => this.settle()],
      [10, () => this.#read()],
      [4, () => this.#query()],
      [6, () => this.#truncate()],
      [2, () => this.#restart()],
      [6, () => this.#trim()],
      [4, () => this.#startEpoch()],
      [2, () => this.#delete()],
      [8, () => this.#checkpoint()],
      [3, () => this.#passTime()],
      [1, () => this.#fillDisk()],
      [2, () => this.#damage()],
      [1, () => this.#forge()],
    ]
    const sum = operations.reduce((total, [weight]) => total + weight, 0)
    let die = random.below(sum)
    for (const [weight, operation] of operations) {
      if (die < weight) return await operation()
      die -= weight
    }
  }

  async #append(): Promise<void> {
    const burst = 1 + this.world.random.below(6)
    for (let index = 0; index < burst; index += 1) {
      appendSome(this, await this.#some())
    }
  }

  async #produce(): Promise<void> {
    const { random } = this.world
    const burst = 1 + random.below(8)
    const { partition } = await this.#some()
    const producerId = this.world.pick(PRODUCER_IDS)
    for (let index = 0; index < burst; index += 1) {
      const live = this.#all().find((candidate) => candidate.partition === partition)
      if (live !== undefined) produceSome(this, live, producerId)
    }
  }

  async #read(): Promise<void> {
    const { random } = this.world
    const { log, image } = await this.#some()
    const offset = image.start + random.below(image.end - image.start + 1)
    const end = random.below(3) === 0 ? offset + random.below(image.end - offset + 1) : image.end
    const maxBytes = 1 + random.below(random.below(2) === 0 ? 200 : 30_000)
    const reading = log.read({
      offset: offsetOf(offset),
      maxBytes,
      end: offsetOf(end),
      first: 'whole',
    })
    const result = await this.#survive(Promise.resolve(reading))
    const found = batchesOf(result)
    this.#held.add(result)
    const first = image.batches.findIndex(({ next }) => next > offset)
    const expected = image.batches.slice(first === -1 ? image.batches.length : first)
    ensure(
      sameBatches(found, expected.slice(0, found.length)),
      () => `a read at ${offset} is wrong`,
    )
    ensure(
      found.every(({ next }) => next <= end),
      'a read keeps below its end',
    )
    const isDue = (expected[0]?.next ?? Number.POSITIVE_INFINITY) <= end
    ensure(found.length > 0 === isDue, 'a read finds the first batch')
  }

  async #query(): Promise<void> {
    const { random, clock, epochMax } = this.world
    const { log, image } = await this.#some()
    const among = image.batches[random.below(image.batches.length)]?.timestamp ?? clock.now()
    const timestamp = among + random.below(3) - 1
    await this.#survive(checkQueries(log, image, timestamp, random.below(epochMax + 1)))
  }

  async #truncate(): Promise<void> {
    const { random, shadow } = this.world
    const { partition, log, image } = await this.#some()
    if (image.end === image.start) return
    // An epoch without a record is forgotten by a truncation that removes none.
    const least = image.epochs.at(-1)?.offset === image.end ? 0 : 1
    const most = random.below(2) === 0 ? 3 : 40
    const back = Math.min(image.end - image.start, least + random.below(most))
    const truncation = log.truncateTo(offsetOf(image.end - back))
    const sequence = shadow.change(partition, truncated(image, image.end - back))
    if (random.below(4) === 0) this.#expectBusy(log)
    const isDeleted = random.below(8) === 0
    const deletion = isDeleted ? this.#directory.delete(TOPIC, log.partition) : null
    if (deletion === null) return await this.#acknowledged(truncation, sequence)
    const deleted = shadow.change(partition, null)
    truncation.catch(() => undefined)
    await this.#acknowledged(deletion, deleted)
    await Promise.allSettled([truncation])
    this.requireAlive()
  }

  /** Nothing may slip in between a truncation and what it leaves. */
  #expectBusy(log: PartitionLog): void {
    const attempt = acceptedChange(log, this.world).then((code) => {
      if (code === null || this.#storage.hasFailed) return
      this.#violation ??= new Violation(`a change during a truncation: ${code}`)
    })
    this.#pending.push(attempt)
  }

  /** A replica whose leader has deleted all that it had. */
  async #restart(): Promise<void> {
    const { random, shadow } = this.world
    const { partition, log, image } = await this.#some()
    const offset = image.start + random.below(image.end - image.start + 20)
    const restart = log.restartAt(offsetOf(offset))
    if (random.below(4) === 0) this.#expectBusy(log)
    await this.#acknowledged(restart, shadow.change(partition, emptyAt(offset)))
  }

  async #trim(): Promise<void> {
    const { random, shadow } = this.world
    const { partition, log, image } = await this.#some()
    log.advanceHighWatermark(log.durableEnd)
    const room = log.highWatermark - image.start
    if (room <= 0) return
    const start = image.start + 1 + random.below(room)
    const trimming = log.advanceLogStart(offsetOf(start))
    const sequence = shadow.change(partition, trimmed(image, start))
    if (random.below(2) === 0) await this.#acknowledged(trimming, sequence)
    else this.expect(trimming, sequence)
  }

  async #startEpoch(): Promise<void> {
    const { shadow } = this.world
    const { partition, log, image } = await this.#some()
    this.world.epochMax += 1
    const { epochMax } = this.world
    const starting = log.startEpoch(epochOf(epochMax))
    this.expect(starting, shadow.change(partition, withEpoch(image, epochMax)))
  }

  async #delete(): Promise<void> {
    const { partition, log } = await this.#some()
    const deletion = this.#directory.delete(TOPIC, log.partition)
    await this.#acknowledged(deletion, this.world.shadow.change(partition, null))
  }

  async #checkpoint(): Promise<void> {
    const checkpoint = this.#directory.checkpoint()
    if (this.world.random.below(3) === 0) await this.#survive(checkpoint)
    else this.#pending.push(checkpoint.catch(() => undefined))
  }

  /** Rolls by age, retention, checkpoints of what has long been pending, the wipe of the ring. */
  async #passTime(): Promise<void> {
    const { random } = this.world
    await this.settle()
    for (const { log } of this.#all()) log.advanceHighWatermark(log.durableEnd)
    await this.#sweep([10_000, 100_000, 400_000, 50_000_000][random.below(4)] ?? 0)
    await this.#acknowledged(this.#directory.checkpoint(), this.world.shadow.sequence)
    ensure(this.#directory.metrics().ringQueuedBytes === 0, 'the count of queued bytes drifts')
  }

  /** Log starts that retention has moved, in the order of the sweep. */
  #noteRetained(): void {
    const { shadow, config } = this.world
    for (const { partition } of this.#directory.partitions()) {
      const live = this.#all().find((candidate) => candidate.partition === partition)
      if (live === undefined) continue
      const { log, image } = live
      if (log.logStartOffset <= image.start) continue
      const isWanted = config.retentionMs >= 0 || config.retentionBytes >= 0
      ensure(isWanted && log.logStartOffset <= log.appendedEnd, 'retention that nobody asked for')
      shadow.change(partition, trimmed(image, log.logStartOffset))
    }
  }

  async #fillDisk(): Promise<void> {
    const { disk } = this.world
    await this.settle()
    const { log, image } = await this.#some()
    const { bytes } = someBatches(this.world, 0, 0)
    disk.freeBytes = 0
    await this.#sweep(10_000)
    const attempt = () =>
      Promise.resolve(log.append({ batches: bytes, leaderEpoch: log.leaderEpoch }))
    const code = await refusal(attempt)
    this.requireAlive()
    ensure(code === 'STORAGE_FULL' && log.appendedEnd === image.end, `a full disk says ${code}`)
    // The refusal has asked the disk, and must have heard before it is asked again.
    for (let turn = 0; turn < 20; turn += 1) await null
    disk.freeBytes = 1e12
    await this.#sweep(10_000)
  }

  async #sweep(afterMs: number): Promise<void> {
    const { clock } = this.world
    this.#isSweeping = true
    clock.advance(afterMs)
    for (let turn = 0; clock.timers === 0; turn += 1) {
      this.requireAlive()
      ensure(turn < 1_000_000, 'a sweep never ends')
      await null
    }
    this.#noteRetained()
    this.#isSweeping = false
  }

  async #damage(): Promise<void> {
    await this.settle()
    await damageAndOpen(this.world)
  }

  /** A tenant writes what looks like a cycle of the ring, and the cycle that holds it is torn. */
  async #forge(): Promise<void> {
    await this.settle()
    const live = await this.#some()
    await this.settle()
    await this.#survive(this.#directory.checkpoint())
    const bytes = forgedBatch(this.world.disk)
    if (bytes === null) return
    this.#storage.tearNextCycle = true
    const shadow = shadowOf(bytes, live.image.end, latestOf(live))
    const change = this.world.shadow.sequence + 1
    const atMs = this.world.clock.now()
    this.world.shadow.change(live.partition, withBatches(live.image, shadow, { change, atMs }))
    const { durable } = live.log.append({ batches: bytes, leaderEpoch: epochOf(latestOf(live)) })
    await durable.catch(() => undefined)
    throw new Over()
  }

  /** A partition that exists; sometimes one that is made now. */
  async #some(): Promise<Live> {
    const { random } = this.world
    const live = this.#all()
    const one = live[random.below(live.length)]
    if (one !== undefined && random.below(10) > 0) return one
    const partition = this.world.pick(PARTITIONS)
    return live.find((candidate) => candidate.partition === partition) ?? this.#create(partition)
  }

  async #create(partition: number): Promise<Live> {
    const { shadow, config } = this.world
    const creation = this.#directory.create(TOPIC, partition as PartitionLog['partition'], config)
    const sequence = shadow.change(partition, EMPTY)
    await this.#acknowledged(creation, sequence)
    return { partition, log: await creation, image: EMPTY }
  }

  #all(): Live[] {
    return PARTITIONS.flatMap((partition) => {
      const log = findLog(this.#directory, partition)
      const image = this.world.shadow.image(partition)
      return log === null || image === null ? [] : [{ partition, log, image }]
    })
  }

  /** Waits for an operation while nothing else is entered. */
  async #acknowledged(operation: Promise<unknown>, sequence: number): Promise<void> {
    await this.#survive(operation)
    this.world.shadow.acknowledge(sequence)
  }

  /** Goes on; the shadow hears of the acknowledgement when it comes. */
  expect(operation: Promise<unknown>, sequence: number, check: () => void = () => undefined): void {
    const heard = operation.then(
      () => {
        this.world.shadow.acknowledge(sequence)
        check()
      },
      (error) => {
        if (!this.#storage.hasFailed) throw error
      },
    )
    this.#pending.push(
      heard.catch((error) => {
        this.#violation ??= error
      }),
    )
  }

  async #survive<Result>(operation: Promise<Result>): Promise<Result> {
    try {
      const result = await operation
      this.requireAlive()
      return result
    } catch (error) {
      this.requireAlive()
      throw error
    }
  }

  requireAlive(): void {
    if (this.#storage.hasFailed) throw new Over()
  }
}
