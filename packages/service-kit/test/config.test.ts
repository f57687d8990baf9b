import { describe, expect, it } from 'vitest'
import {
  address,
  addresses,
  choice,
  integer,
  origins,
  port,
  portOrOff,
  secret,
  text,
  url,
} from '../src/config/kind.ts'
import { ConfigurationError, readEnvironment } from '../src/config/read-environment.ts'
import { optional, required, withDefault } from '../src/config/setting.ts'
import { settingsTable } from '../src/config/settings-table.ts'

const settings = {
  brokerId: required('COURANT_BROKER_ID', integer(0, 100), 'Who this is.'),
  httpPort: withDefault('COURANT_HTTP_PORT', port(), '8080', 'Where it listens.'),
  database: optional('DATABASE_URL', url(['postgres', 'postgresql']), 'Where it keeps things.'),
}

function problems(environment: Record<string, string>): ConfigurationError {
  try {
    readEnvironment(settings, environment)
  } catch (error) {
    if (error instanceof ConfigurationError) return error
  }
  throw new Error('expected a ConfigurationError')
}

describe('readEnvironment', () => {
  it('takes given values, defaults for the rest, and an empty variable for an absent one', () => {
    expect(readEnvironment(settings, { COURANT_BROKER_ID: '3', COURANT_HTTP_PORT: '' })).toEqual({
      brokerId: 3,
      httpPort: 8080,
      database: null,
    })
  })

  it('reports everything that is wrong at once, with name, value and what is expected', () => {
    const { message } = problems({ COURANT_HTTP_PORT: '80a' })
    expect(message.split('\n')).toEqual([
      'COURANT_BROKER_ID is required: a whole number from 0 to 100. Who this is.',
      'COURANT_HTTP_PORT is "80a", but must be a port from 0 to 65535 (0: any free one).',
    ])
  })

  it('never shows a secret', () => {
    const { message } = problems({ COURANT_BROKER_ID: '1', DATABASE_URL: 'mysql://a:hunter2@b' })
    expect(message).toContain('DATABASE_URL')
    expect(message).not.toContain('hunter2')
  })

  it('cuts a long value and escapes what would break the terminal', () => {
    const { message } = problems({ COURANT_BROKER_ID: `\u001b[31m${'9'.repeat(10_000)}` })
    expect(message.length).toBeLessThan(300)
    expect(message).not.toContain('\u001b')
  })
})

describe('a kind accepts and refuses', () => {
  it.each([
    [integer(-5, 5), '-5', -5],
    [integer(-5, 5), '6', null],
    [integer(0, 99), '1e1', null],
    [integer(0, 99), ' 1', null],
    [integer(0, 99), '0x1', null],
    [integer(0, 99), '1.0', null],
    [port(), '65536', null],
    [portOrOff(), 'off', 'off'],
    [choice(['a', 'b']), 'b', 'b'],
    [choice(['a', 'b']), 'c', null],
    [address(), 'localhost:80', { host: 'localhost', port: 80 }],
    [address(), '[::1]:80', { host: '::1', port: 80 }],
    [address(), 'localhost', null],
    [address(), 'localhost:70000', null],
    [address(), 'http://a:80', null],
    [
      addresses(),
      'a:1, b:2',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
    ],
    [addresses(), 'a:1,,b:2', null],
    [origins(), 'https://a.example,http://b:8080', ['https://a.example', 'http://b:8080']],
    [origins(), 'https://a.example/', null],
    [origins(), '*', null],
    [text(3), 'abcd', null],
    [text(), 'a\nb', null],
    [secret(text()), 'x', 'x'],
  ])('%o %j as %j', (kind, given, value) => {
    expect(kind.parse(given)).toEqual(value)
  })
})

describe('settingsTable', () => {
  it('has a row a setting and tells required from absent', () => {
    expect(settingsTable(settings).split('\n').slice(2)).toEqual([
      '| `COURANT_BROKER_ID` | a whole number from 0 to 100 | **required** | Who this is. |',
      '| `COURANT_HTTP_PORT` | a port from 0 to 65535 (0: any free one) | `8080` | Where it listens. |',
      '| `DATABASE_URL` | a URL beginning with postgres:// or postgresql:// | none | Where it keeps things. |',
    ])
  })
})
