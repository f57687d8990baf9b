import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { usageError } from '../failure.ts'

/** Where the server is and how it knows us. */
export interface Connection {
  /** Without a slash at the end. */
  readonly url: string
  readonly apiKey: string
}

/** Tenants' keys are for topics and records; the operator's is for tenants and brokers. */
export type Role = 'tenant' | 'operator'

export interface ConnectionFlags {
  readonly url?: string
  readonly apiKey?: string
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}

interface Credentials {
  readonly url: string
  readonly apiKey: string
  readonly operatorKey?: string
}

const KEY_VARIABLES = { tenant: 'COURANT_API_KEY', operator: 'COURANT_OPERATOR_KEY' } as const

/**
 * Flags, then the environment, then the credentials.json that `npm start` has written. A key of
 * that file goes to the server of that file and to no other: `--url` must not carry it elsewhere.
 */
export function resolveConnection(
  flags: ConnectionFlags,
  { env, cwd }: Surroundings,
  role: Role,
): Connection {
  const givenUrl = flags.url ?? nonEmpty(env['COURANT_URL'])
  const givenKey = flags.apiKey ?? nonEmpty(env[KEY_VARIABLES[role]])
  if (givenUrl !== undefined && givenKey !== undefined) {
    return { url: checkedUrl(givenUrl), apiKey: givenKey }
  }
  const credentials = findCredentials(env, cwd)
  const url = givenUrl ?? credentials?.url
  if (url === undefined) throw nothingKnown()
  const isOfFile = credentials !== null && checkedUrl(credentials.url) === checkedUrl(url)
  const fileKey = role === 'tenant' ? credentials?.apiKey : credentials?.operatorKey
  const apiKey = givenKey ?? (isOfFile ? fileKey : undefined)
  if (apiKey === undefined) {
    throw usageError(`There is no key for ${url}.`, `Give --api-key or ${KEY_VARIABLES[role]}.`)
  }
  return { url: checkedUrl(url), apiKey }
}

/** In COURANT_DATA_DIR if it is set, else in the nearest `.courant` from here upwards. */
function findCredentials(env: Surroundings['env'], cwd: string): Credentials | null {
  const dataDirectory = nonEmpty(env['COURANT_DATA_DIR'])
  if (dataDirectory !== undefined) return readCredentials(join(dataDirectory, FILE))
  for (let directory = cwd; ; directory = dirname(directory)) {
    const found = readCredentials(join(directory, '.courant', FILE))
    if (found !== null || directory === dirname(directory)) return found
  }
}

const FILE = 'credentials.json'

function readCredentials(path: string): Credentials | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw usageError(`${path} cannot be read (${String(code)}).`)
  }
  try {
    const parsed: unknown = JSON.parse(text)
    if (isCredentials(parsed)) return parsed
  } catch {
    // Told below.
  }
  throw usageError(`${path} does not hold credentials.`, 'npm start writes it.')
}

function isCredentials(value: unknown): value is Credentials {
  if (typeof value !== 'object' || value === null) return false
  const { url, apiKey } = value as Partial<Credentials>
  return typeof url === 'string' && typeof apiKey === 'string'
}

function checkedUrl(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw usageError(`"${url}" is not the URL of a server.`, 'For example: http://127.0.0.1:8080')
  }
  return parsed.href.replace(/\/+$/, '')
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function nothingKnown() {
  return usageError(
    'No server is known here.',
    'Start one with npm start, or give --url and --api-key (COURANT_URL, COURANT_API_KEY).',
  )
}
