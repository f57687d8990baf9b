/**
 * Writes the golden vectors anew: `node scripts/make-vectors.ts`. Their bytes come from kafkajs.
 */
import { writeFileSync } from 'node:fs'
import { goldenBatches } from '../test/golden-batches.ts'
import { encodeWithKafkajs } from '../test/kafkajs.ts'

for (const [name, batch] of Object.entries(goldenBatches)) {
  const hex = (await encodeWithKafkajs(batch)).toString('hex')
  const lines = hex.match(/.{1,64}/g) ?? []
  writeFileSync(`${import.meta.dirname}/../test/vectors/${name}.hex`, `${lines.join('\n')}\n`)
}
