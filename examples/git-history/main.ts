/**
 * Streams the history of a git repository into Courant, reads it back, and checks that nothing is
 * missing, doubled or out of order.
 *
 *   node examples/git-history/main.ts [--repo DIR] [--records N] [--topic NAME]
 *   node examples/git-history/main.ts --verify-only
 *
 * Every answer of the server goes to a file of acknowledgements. So you may kill -9 the server
 * while this runs, start it again, and let `--verify-only` look for each record that was
 * acknowledged.
 *
 * The exit status is 0 if all is well, 1 if a promise was broken, 2 if the stream was cut short.
 */
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type Acknowledgements,
  readAcknowledgements,
  startAcknowledgements,
} from './acknowledgements.ts'
import { connect, createTopic, type Server } from './courant.ts'
import { gitEvents } from './git-events.ts'
import { sendEvents } from './send-events.ts'
import { verify } from './verify.ts'

const PARTITIONS = 12

const { values: options } = parseArgs({
  options: {
    repo: { type: 'string', default: resolve(import.meta.dirname, '../..') },
    records: { type: 'string', default: '100000' },
    topic: { type: 'string', default: 'git-history' },
    acks: { type: 'string', default: join(tmpdir(), 'courant-git-history-acks.ndjson') },
    'verify-only': { type: 'boolean', default: false },
  },
})

const server = connect()
if (!options['verify-only']) await send(server)
await check(server, await readAcknowledgements(options.acks))

async function send(to: Server): Promise<void> {
  const records = Number(options.records)
  if (!(Number.isSafeInteger(records) && records > 0)) throw new Error('--records is a number.')
  await createTopic(to, options.topic, PARTITIONS)
  const stream = crypto.randomUUID()
  const acknowledgements = startAcknowledgements(options.acks, {
    topic: options.topic,
    stream,
    records,
  })
  console.log(`Sending ${records} events of ${options.repo} to the topic ${options.topic}.`)

  const started = performance.now()
  const sent = await sendEvents(
    to,
    options.topic,
    gitEvents(options.repo, stream, records),
    acknowledgements,
  )
  const seconds = (performance.now() - started) / 1000
  const perSecond = Math.round(sent.acknowledged / seconds)
  const megabytes = (sent.bytes / 1e6 / seconds).toFixed(1)
  console.log(
    `${sent.acknowledged} records acknowledged in ${seconds.toFixed(1)} s: ` +
      `${perSecond} records/s, ${megabytes} MB/s of JSON lines.`,
  )
  if (sent.cutShort === null) return
  console.log(`CUT SHORT: ${sent.cutShort}`)
  console.log('Once the server is back, run this with --verify-only.')
  process.exit(2)
}

async function check(from: Server, acknowledgements: Acknowledgements): Promise<void> {
  const started = performance.now()
  const verdict = await verify(from, acknowledgements)
  const seconds = (performance.now() - started) / 1000
  console.log(
    `${verdict.found} records read back in ${seconds.toFixed(1)} s: ` +
      `${Math.round(verdict.found / seconds)} records/s.`,
  )
  for (const finding of verdict.findings) console.log(`  ${finding}`)
  const { acknowledged, unacknowledged, keys, broken } = verdict
  if (broken > 0) {
    console.log(`BROKEN: ${broken} findings, the first of them above.`)
    process.exitCode = 1
    return
  }
  const others =
    unacknowledged === 0 ? '' : ` (${unacknowledged} were written but not acknowledged)`
  console.log(
    `OK: all ${acknowledged} acknowledged records are there, once, ` +
      `in order for each of ${keys} keys${others}.`,
  )
}
