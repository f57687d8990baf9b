import { BusError, type ErrorCode, errorCodes } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { errorFromKafka, kafkaCodeOf, kafkaMessageOf } from './error-mapping.ts'

const codes = Object.keys(errorCodes) as ErrorCode[]

describe('error mapping', () => {
  it.each(codes)('%s survives a hop that carries its message', (code) => {
    const error = new BusError(code, 'Some detail: with a colon.')
    const back = errorFromKafka(kafkaCodeOf(error), kafkaMessageOf(error), 'write')
    expect([back.code, back.detail]).toEqual([code, error.detail])
  })

  it.each(codes)('%s keeps its number without a message', (code) => {
    const { kafka } = errorCodes[code]
    expect(errorFromKafka(kafka, null, 'read').facts.kafka).toBe(kafka)
  })

  // PARTIAL_PRODUCE is made by the gateway, from several answers, and never crosses the hop.
  it.each(codes.filter((code) => code !== 'PARTIAL_PRODUCE'))(
    '%s never turns into a promise that nothing was applied',
    (code) => {
      const { kafka, applied } = errorCodes[code]
      const back = errorFromKafka(kafka, null, 'write')
      if (applied === 'unknown') expect(back.facts.applied).toBe('unknown')
    },
  )

  it('does not believe a message whose code has another number', () => {
    expect(errorFromKafka(6, 'STORAGE_FULL: no', 'read').code).toBe('NOT_LEADER')
    expect(errorFromKafka(6, 'constructor: no', 'read').code).toBe('NOT_LEADER')
    expect(errorFromKafka(6, 'no code here', 'read').code).toBe('NOT_LEADER')
  })

  it('takes a number that Kafka adds one day for INTERNAL', () => {
    expect(errorFromKafka(12_345, null, 'write').code).toBe('INTERNAL')
  })
})
