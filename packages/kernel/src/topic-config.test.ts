import { describe, expect, it } from 'vitest'
import { BusError } from './error.ts'
import {
  decodeTopicConfig,
  defaultTopicConfig,
  encodeTopicConfig,
  topicSettings,
} from './topic-config.ts'

describe('topic settings', () => {
  it('survive the way to the database and back', () => {
    const encoded = encodeTopicConfig({ retentionMs: 1000, timestampType: 'append' }, '/config')
    expect(encoded).toEqual({ 'retention.ms': '1000', 'message.timestamp.type': 'append' })
    expect(decodeTopicConfig(encoded)).toEqual({
      ...defaultTopicConfig,
      retentionMs: 1000,
      timestampType: 'append',
    })
  })

  it('have defaults that are legal values', () => {
    expect(() => encodeTopicConfig(defaultTopicConfig, '')).not.toThrow()
  })

  it.each([
    ['retentionMs', '1000'],
    ['retentionMs', 1.5],
    ['retentionMs', -2],
    ['durability', 'none'],
    ['durability', null],
    ['retention.ms', 1000],
    ['__proto__', 1],
    ['constructor', 1],
  ])('refuse %s = %j with a pointer to it', (name, value) => {
    const settings = Object.fromEntries([[name, value]])
    const thrown = catchError(() => encodeTopicConfig(settings, '/config'))
    expect(thrown.code).toBe('INVALID_CONFIG')
    expect(thrown.violations[0]?.pointer).toBe(`/config/${name}`)
  })

  it('of a newer version, or damaged, fall back to the default instead of failing', () => {
    const config = decodeTopicConfig({ 'retention.ms': 'soon', 'brand.new': '1' })
    expect(config).toEqual(defaultTopicConfig)
  })

  it('have Kafka names of their own', () => {
    const names = Object.values(topicSettings).map((setting) => setting.kafka)
    expect(new Set(names).size).toBe(names.length)
  })
})

function catchError(action: () => unknown): BusError {
  try {
    action()
  } catch (error) {
    if (error instanceof BusError) return error
  }
  throw new Error('expected a BusError')
}
