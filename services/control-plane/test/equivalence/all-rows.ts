/** Both databases' rows in one shape: tables by name, rows by key, columns as in the SQL. */
import { type ClusterState, ONLY_ROW } from '../model/database/cluster-state.ts'

export type Row = Readonly<Record<string, unknown>>
export type AllRows = Readonly<Record<string, Readonly<Record<string, Row>>>>

/** What the model does not keep: nothing reads it but people. */
const UNKNOWN_TO_MODEL = new Set(['only_row', 'allocated_at'])
/** Each side has servers of its own. */
const SERVERS = new Set(['confirmed_server', 'heard_server'])
const DELETION_TIME = 'topic_tombstone'

const KEYS: Readonly<Record<string, readonly string[]>> = {
  cluster_meta: [],
  broker: ['broker_id'],
  broker_session: ['broker_id'],
  tenant: ['tenant_id'],
  api_key: ['key_id'],
  topic: ['topic_id'],
  topic_tombstone: ['topic_id'],
  partition: ['topic_id', 'partition'],
  metadata_change: ['kind', 'key'],
  producer_id_block: ['first_producer_id'],
}

/** From the JSON of PostgreSQL. */
export function rowsOfTables(tables: Readonly<Record<string, readonly Row[]>>): AllRows {
  return Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [
      table,
      byKey(
        table,
        rows.map((row) => normal(table, row)),
      ),
    ]),
  )
}

function normal(table: string, row: Row): Row {
  const columns = Object.entries(row).filter(
    ([name]) =>
      !UNKNOWN_TO_MODEL.has(name) &&
      !SERVERS.has(name) &&
      !(table === DELETION_TIME && name === 'deleted_at'),
  )
  return Object.fromEntries(
    columns.map(([name, value]) => [
      name,
      name.endsWith('_at') && typeof value === 'string' ? Date.parse(value) : value,
    ]),
  )
}

export function rowsOfModel(state: ClusterState): AllRows {
  const tables: Readonly<Record<string, readonly object[]>> = {
    cluster_meta: [state.meta.get(ONLY_ROW) ?? {}],
    broker: [...state.brokers.values()],
    broker_session: [...state.sessions.values()],
    tenant: [...state.tenants.values()],
    api_key: [...state.apiKeys.values()],
    topic: [...state.topics.values()],
    topic_tombstone: [...state.tombstones.values()],
    partition: [...state.partitions.values()],
    metadata_change: [...state.changes.values()],
    producer_id_block: [...state.producerIdBlocks.values()],
  }
  return Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [table, byKey(table, rows.map(columnsOf))]),
  )
}

function columnsOf(row: object): Row {
  return Object.fromEntries(
    Object.entries(row)
      .map(([property, value]) => [columnOf(property), plain(value)] as const)
      .filter(([name]) => !SERVERS.has(name)),
  )
}

function columnOf(property: string): string {
  if (property.endsWith('AtMs')) return columnOf(property.slice(0, -2))
  const name = property.replaceAll(/[A-Z0-9]+/g, (part) => `_${part.toLowerCase()}`)
  return name === 'secret_sha_256' ? 'secret_sha256' : name
}

function plain(value: unknown): unknown {
  if (value instanceof Date) return value.getTime()
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : value
}

function byKey(table: string, rows: readonly Row[]): Readonly<Record<string, Row>> {
  const columns = KEYS[table] ?? []
  return Object.fromEntries(
    rows.map((row) => [columns.map((column) => String(row[column])).join('/'), row]),
  )
}
