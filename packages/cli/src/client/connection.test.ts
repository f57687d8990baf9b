import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { resolveConnection } from './connection.ts'

let directory = ''
const credentials = {
  url: 'http://127.0.0.1:8080',
  tenant: 'default',
  apiKey: 'crt_file',
  operatorKey: 'crt_operator',
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'courant-cli-'))
  mkdirSync(join(directory, '.courant'))
  writeFileSync(join(directory, '.courant/credentials.json'), JSON.stringify(credentials))
})
afterEach(() => rmSync(directory, { recursive: true }))

test('flags go before the environment, and that before the file', () => {
  const env = { COURANT_URL: 'http://env:1', COURANT_API_KEY: 'crt_env' }
  const flags = { url: 'http://flag:1/', apiKey: 'crt_flag' }
  const at = { env, cwd: directory }
  expect(resolveConnection(flags, at, 'tenant')).toEqual({
    url: 'http://flag:1',
    apiKey: 'crt_flag',
  })
  expect(resolveConnection({}, at, 'tenant')).toEqual({ url: 'http://env:1', apiKey: 'crt_env' })
  expect(resolveConnection({}, { env: {}, cwd: directory }, 'tenant').apiKey).toBe('crt_file')
})

test('the file is found from a directory further down, and in COURANT_DATA_DIR', () => {
  const below = join(directory, 'a/b')
  mkdirSync(below, { recursive: true })
  expect(resolveConnection({}, { env: {}, cwd: below }, 'tenant').url).toBe(credentials.url)
  const env = { COURANT_DATA_DIR: join(directory, '.courant') }
  expect(resolveConnection({}, { env, cwd: '/' }, 'tenant').apiKey).toBe('crt_file')
})

test('operators have a key of their own', () => {
  const at = { env: { COURANT_API_KEY: 'crt_env' }, cwd: directory }
  expect(resolveConnection({}, at, 'operator').apiKey).toBe('crt_operator')
})

test('a key of the file is never sent to another server', () => {
  const at = { env: {}, cwd: directory }
  expect(() => resolveConnection({ url: 'http://elsewhere' }, at, 'tenant')).toThrow('no key')
})

test('what is missing or broken is a usage error that says what to do', () => {
  expect(() => resolveConnection({}, { env: {}, cwd: '/' }, 'tenant')).toThrow(
    expect.objectContaining({ exitStatus: 2, advice: expect.stringContaining('npm start') }),
  )
  writeFileSync(join(directory, '.courant/credentials.json'), '{"url":')
  expect(() => resolveConnection({}, { env: {}, cwd: directory }, 'tenant')).toThrow('credentials')
  const flags = { url: 'localhost:8080', apiKey: 'crt_x' }
  expect(() => resolveConnection(flags, { env: {}, cwd: '/' }, 'tenant')).toThrow('not the URL')
})
