/**
 * The shapes that travel. Objects that we receive are closed (an unknown member is an error);
 * objects that we send are open to additions, which is what clients are told to expect within /v1.
 * A schema with an `$id` becomes a named component of the OpenAPI document.
 */
import type { Problem } from '@courant/api'
import { limits, topicSettings } from '@courant/kernel'
import { type Static, type TSchema, Type } from 'typebox'

/** An object as we receive it. */
export const CLOSED = { additionalProperties: false } as const

/**
 * The value or null. One schema with two types, because `anyOf` would report two errors for one.
 */
export function nullable<Schema extends TSchema>(schema: Schema) {
  const { type } = schema as { type?: string }
  return Type.Unsafe<Static<Schema> | null>({ ...schema, type: [type, 'null'] })
}

export const Timestamp = Type.Integer({ minimum: 0, description: 'Epoch milliseconds.' })

/**
 * Path parameters. What they may hold is decided by looking them up: what is illegal is missing.
 */
export const TopicParams = Type.Object({
  topic: Type.String({ description: 'Name of the topic.' }),
})

/** Query of every list. */
export const ListQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.listLimitMax,
        description: `Items a page; ${limits.listLimitDefault} when absent.`,
      }),
    ),
    cursor: Type.Optional(
      Type.String({ maxLength: 1_024, description: '`nextCursor` of the page before.' }),
    ),
    prefix: Type.Optional(
      Type.String({ maxLength: 249, description: 'Only names that begin with this.' }),
    ),
  },
  CLOSED,
)

/** Where a list goes on, or null at its end. */
export const NextCursor = nullable(
  Type.String({ description: 'Pass as `cursor` to get the next page; null on the last.' }),
)

/** What went wrong with one item of an answer that is about several. */
export const ItemProblem = Type.Unsafe<Problem>({ $ref: '#/components/schemas/Problem' })

const settings = Object.entries(topicSettings)

/** Settings as given: null is the default, like absence where a topic is created. */
export const GivenConfig = Type.Unsafe<Readonly<Record<string, string | number | null>>>(
  Type.Object(
    Object.fromEntries(
      settings.map(([name, setting]) => [name, Type.Optional(givenSetting(setting))]),
    ),
    CLOSED,
  ),
)

const SettingValue = Type.Unsafe<string | number>({ type: ['string', 'number'] })

const ConfigDetail = Type.Object({
  source: Type.Unsafe<'topic' | 'default'>({
    type: 'string',
    enum: ['topic', 'default'],
    description: 'Whether the topic sets it.',
  }),
  default: SettingValue,
})

const Partition = Type.Object(
  {
    partition: Type.Integer({ minimum: 0 }),
    leader: nullable(Type.Integer({ description: 'Id of the leading broker; null without one.' })),
    leaderEpoch: Type.Integer(),
    partitionEpoch: Type.Integer(),
    replicas: Type.Array(Type.Integer(), { description: 'Broker ids, preferred leader first.' }),
    inSyncReplicas: Type.Array(Type.Integer()),
  },
  { $id: 'Partition' },
)

const topicFields = {
  name: Type.String(),
  topicId: Type.String({ description: 'UUID; another topic of the same name has another.' }),
  partitions: Type.Integer({ description: 'Number of partitions.' }),
  replicationFactor: Type.Integer(),
  createdAt: Timestamp,
  config: Type.Record(Type.String(), SettingValue, {
    description: 'Every setting with the value that holds, whoever set it.',
  }),
}

export const TopicSummary = Type.Object(topicFields, { $id: 'TopicSummary' })

export const Topic = Type.Object(
  {
    ...topicFields,
    status: Type.Unsafe<'READY' | 'CREATING'>({
      type: 'string',
      enum: ['READY', 'CREATING'],
      description: 'CREATING until every partition has a leader.',
    }),
    configDetails: Type.Record(Type.String(), ConfigDetail, {
      description: 'Where each setting comes from, and the default that `null` returns it to.',
    }),
    partitionDetails: Type.Array(Partition),
  },
  { $id: 'Topic' },
)

export const ApiKey = Type.Object(
  {
    keyId: Type.String({ description: 'The public part: `crt_<keyId>_<secret>`.' }),
    name: Type.String(),
    scope: Type.Unsafe<'tenantAdmin'>({ type: 'string', enum: ['tenantAdmin'] }),
    createdAt: Timestamp,
    expiresAt: nullable(Timestamp),
  },
  { $id: 'ApiKey' },
)

export const CreatedApiKey = Type.Object(
  {
    ...ApiKey.properties,
    apiKey: Type.String({ description: 'The whole key. It is shown here and never again.' }),
  },
  { $id: 'CreatedApiKey' },
)

export const Tenant = Type.Object(
  { tenantId: Type.String(), name: Type.String(), createdAt: Timestamp },
  { $id: 'Tenant' },
)

type Setting = (typeof topicSettings)[keyof typeof topicSettings]

function givenSetting(setting: Setting): TSchema {
  const description = `${setting.doc} Default: ${setting.default}.`
  if (setting.type === 'choice') {
    const choices = [...setting.choices, null]
    return Type.Unsafe<string | null>({ type: ['string', 'null'], enum: choices, description })
  }
  const { min, max } = setting
  return nullable(Type.Integer({ minimum: min, maximum: max, description }))
}
