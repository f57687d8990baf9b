/** Appends of a life: of leaders and of replicas, with and without producers that send again. */
import { BusError } from '@courant/kernel'
import type { AppendResult, PartitionLog } from '../../src/index.ts'
import {
  type AppendedBatch,
  encoded,
  gapAfter,
  isRemembered,
  nextSequence,
  type SentBatch,
} from './producers.ts'
import { type Image, latestEpoch, type ShadowBatch, withBatches } from './shadow.ts'
import { ensure } from './violation.ts'
import { epochOf, offsetOf, shadowOf, someBatches, stamped, type World } from './world.ts'

export interface Live {
  readonly partition: number
  readonly log: PartitionLog
  readonly image: Image
}

/** What an append asks of the life that it is part of. */
export interface AppendingLife {
  readonly world: World
  requireAlive(): void
  expect(operation: Promise<unknown>, change: number, check: () => void): void
}

export function appendSome(life: AppendingLife, live: Live): void {
  const { bytes, shadow } = someBatches(life.world, live.image.end, latestOf(live))
  tryAppend(life, live, bytes, shadow, life.world.random.below(3) > 0 ? 'append' : 'replicate')
}

/** A producer sends its next batch, one again, or one that the log has to refuse. */
export function produceSome(life: AppendingLife, live: Live, producerId: number): void {
  const { world } = life
  const { random } = world
  const known = live.image.producers.get(producerId)
  const newest = known?.batches.at(-1)
  const die = random.below(10)
  if (newest === undefined || die < 5) {
    return void produce(life, live, nextOf(world, producerId, newest))
  }
  if (!isRemembered(known, world.clock.now())) return
  const age = random.below(Math.min(5, known?.kept ?? 0))
  const again = known?.batches.at(-1 - age)
  if (again === undefined || die === 9) {
    refuse(life, live, gapAfter(newest), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  } else if (again.epoch < newest.epoch) refuse(life, live, again, 'INVALID_PRODUCER_EPOCH')
  else sendAgain(life, live, again)
}

/** A crash may leave an epoch whose records it lost: the log goes on from there. */
export function latestOf({ log, image }: Pick<Live, 'log' | 'image'>): number {
  return Math.max(0, latestEpoch(image), log.leaderEpoch)
}

/** Of a replica, any sequence: it does not judge. */
function produce(life: AppendingLife, live: Live, sent: SentBatch): void {
  const { random, clock } = life.world
  const bytes = encoded(sent, clock.now())
  const shadow = shadowOf(bytes, live.image.end, latestOf(live))
  tryAppend(life, live, bytes, shadow, random.below(4) > 0 ? 'append' : 'replicate')
}

function nextOf({ random }: World, producerId: number, newest: SentBatch | undefined): SentBatch {
  const records = 1 + random.below(3)
  if (newest === undefined) {
    const sequence = [0, 7, 2 ** 31 - 2][random.below(3)] ?? 0
    return { producerId, epoch: random.below(3), sequence, records }
  }
  const isNewEpoch = random.below(8) === 0
  const { epoch } = newest
  if (isNewEpoch) return { producerId, epoch: epoch + 1 + random.below(2), sequence: 0, records }
  return { producerId, epoch, sequence: nextSequence(newest), records }
}

/** It is acknowledged when its original is: by then a crash must not take that any more. */
function sendAgain(life: AppendingLife, live: Live, again: AppendedBatch): void {
  try {
    const { outcome, baseOffset, durable } = send(live, again, life.world)
    ensure(outcome === 'duplicate' && baseOffset === offsetOf(again.base), () => {
      return `a copy of ${again.sequence} at ${again.base} is ${outcome} at ${baseOffset}`
    })
    life.expect(durable, again.change, () => undefined)
  } catch (error) {
    life.requireAlive()
    throw error
  }
}

function refuse(life: AppendingLife, live: Live, sent: SentBatch, expected: string): void {
  let code = 'nothing'
  try {
    send(live, sent, life.world)
  } catch (error) {
    life.requireAlive()
    if (!(error instanceof BusError)) throw error
    code = error.code
  }
  ensure(code === expected, () => `a log says ${code} in place of ${expected}`)
  ensure(live.log.appendedEnd === live.image.end, 'a refused append leaves nothing')
}

function send(live: Live, sent: SentBatch, { clock }: World): AppendResult {
  const leaderEpoch = epochOf(latestOf(live))
  return live.log.append({ batches: encoded(sent, clock.now()), leaderEpoch })
}

function tryAppend(
  life: AppendingLife,
  { partition, log, image }: Live,
  bytes: Buffer,
  added: readonly ShadowBatch[],
  how: 'append' | 'replicate',
): void {
  const request = { batches: bytes, leaderEpoch: epochOf(latestOf({ log, image })) }
  try {
    const result =
      how === 'append' ? log.append(request) : log.replicate(stamped(request, image.end))
    ensure(result.outcome === 'appended', 'what is new is appended')
    ensure(result.baseOffset === offsetOf(image.end), () => `appended at ${result.baseOffset}`)
    const { shadow, clock } = life.world
    const change = shadow.sequence + 1
    shadow.change(partition, withBatches(image, added, { change, atMs: clock.now() }))
    life.expect(result.durable, change, () => {
      ensure(log.durableEnd > result.lastOffset, 'a durable append is below the durable end')
    })
  } catch (error) {
    life.requireAlive()
    if (!(error instanceof BusError) || error.code !== 'BUSY') throw error
    ensure(log.appendedEnd === image.end, 'a refused append leaves nothing')
  }
}
