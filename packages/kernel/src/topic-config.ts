/**
 * The one table of topic settings: the name in our APIs, Kafka's dotted name, type, default and
 * range. The control plane stores and the feed carries settings as strings under Kafka's names, so
 * that the Kafka listener and another engine (architecture D11) understand them unchanged.
 */
import { BusError } from './error.ts'
import { limits } from './limits.ts'

interface NumberSetting {
  readonly kafka: string
  readonly type: 'number'
  readonly default: number
  readonly min: number
  readonly max: number
  readonly doc: string
}

interface ChoiceSetting<Choice extends string> {
  readonly kafka: string
  readonly type: 'choice'
  readonly default: Choice
  readonly choices: readonly Choice[]
  readonly doc: string
}

export const topicSettings = {
  retentionMs: number(
    'retention.ms',
    604_800_000,
    -1,
    Number.MAX_SAFE_INTEGER,
    'Age after which sealed segments are deleted; -1 keeps them for ever. Age is min(timestamp, append time).',
  ),
  retentionBytes: number(
    'retention.bytes',
    -1,
    -1,
    Number.MAX_SAFE_INTEGER,
    'Size of a partition beyond which its oldest sealed segments are deleted; -1 sets no bound.',
  ),
  segmentBytes: number(
    'segment.bytes',
    1_073_741_824,
    1_048_576,
    1_073_741_824,
    'Size at which the active segment is sealed and a new one begun.',
  ),
  segmentMs: number(
    'segment.ms',
    604_800_000,
    60_000,
    Number.MAX_SAFE_INTEGER,
    'Age at which a non-empty active segment is sealed.',
  ),
  maxMessageBytes: number(
    'max.message.bytes',
    limits.batchBytesDefault,
    1_024,
    limits.batchBytesMax,
    'Largest record batch accepted, in bytes, after compression.',
  ),
  minInsyncReplicas: number(
    'min.insync.replicas',
    1,
    1,
    limits.replicationFactorMax,
    'In-sync replicas that must have a record before acks=all answers. Default: floor(replicationFactor / 2) + 1.',
  ),
  timestampType: choice(
    'message.timestamp.type',
    'create',
    ['create', 'append'],
    'create keeps the timestamp of the producer, append stamps the time of the append.',
  ),
  durability: choice(
    'courant.durability',
    'fsync',
    ['fsync', 'replicated'],
    'fsync acknowledges what is on disk; replicated acknowledges what the in-sync replicas hold in memory.',
  ),
} as const

export type TopicSettingName = keyof typeof topicSettings
type Value<Setting> = Setting extends ChoiceSetting<infer Choice> ? Choice : number
export type TopicConfig = {
  readonly [Name in TopicSettingName]: Value<(typeof topicSettings)[Name]>
}

export const defaultTopicConfig = Object.freeze(
  Object.fromEntries(
    Object.entries(topicSettings).map(([name, setting]) => [name, setting.default]),
  ),
) as TopicConfig

/**
 * Checks settings as a caller sent them (our names, JSON values) and returns them under Kafka's
 * names as strings. Throws INVALID_CONFIG with one violation a bad setting, below `pointer`.
 */
export function encodeTopicConfig(
  settings: Readonly<Record<string, unknown>>,
  pointer: string,
): Record<string, string> {
  const encoded: Record<string, string> = {}
  const violations: { pointer: string; detail: string }[] = []
  for (const [name, value] of Object.entries(settings)) {
    const problem = settingProblem(name, value)
    if (problem !== null) violations.push({ pointer: `${pointer}/${name}`, detail: problem })
    else encoded[topicSettings[name as TopicSettingName].kafka] = String(value)
  }
  if (violations.length > 0) {
    throw new BusError('INVALID_CONFIG', violations[0]?.detail ?? '', { violations })
  }
  return encoded
}

/** The reverse, total: settings of a newer version are ignored, absent ones have their default. */
export function decodeTopicConfig(encoded: Readonly<Record<string, string>>): TopicConfig {
  const config: Record<string, unknown> = { ...defaultTopicConfig }
  for (const [name, setting] of Object.entries(topicSettings)) {
    const text = encoded[setting.kafka]
    if (text === undefined) continue
    const value = setting.type === 'number' ? Number(text) : text
    if (settingProblem(name, value) === null) config[name] = value
  }
  return config as TopicConfig
}

function settingProblem(name: string, value: unknown): string | null {
  if (!Object.hasOwn(topicSettings, name)) {
    return `There is no topic setting of that name. Settings: ${Object.keys(topicSettings).join(', ')}.`
  }
  const setting = topicSettings[name as TopicSettingName]
  if (setting.type === 'choice') {
    const choices: readonly string[] = setting.choices
    return typeof value === 'string' && choices.includes(value)
      ? null
      : `${name} is one of ${choices.join(', ')}.`
  }
  return Number.isSafeInteger(value) && Number(value) >= setting.min && Number(value) <= setting.max
    ? null
    : `${name} is a whole number from ${setting.min} to ${setting.max}.`
}

function number(
  kafka: string,
  initial: number,
  min: number,
  max: number,
  doc: string,
): NumberSetting {
  return { kafka, type: 'number', default: initial, min, max, doc }
}

function choice<const Choice extends string>(
  kafka: string,
  initial: NoInfer<Choice>,
  choices: readonly Choice[],
  doc: string,
): ChoiceSetting<Choice> {
  return { kafka, type: 'choice', default: initial, choices, doc }
}
