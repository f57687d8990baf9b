/** A topic's settings as the table keeps them: under Kafka's names, as text, without defaults. */
import {
  BusError,
  defaultTopicConfig,
  encodeTopicConfig,
  type TopicSettingName,
  topicSettings,
} from '@courant/kernel'

export type Settings = Readonly<Record<string, string>>

const MIN_ISR = topicSettings.minInsyncReplicas.kafka
const POINTER = '/config'

/** Ours by Kafka's. */
const names = new Map(
  Object.entries(topicSettings).map(([name, { kafka }]) => [kafka, name as TopicSettingName]),
)

/**
 * Checks settings as they were sent, fills in what depends on the replication factor, and leaves
 * out what equals the default. Throws INVALID_CONFIG with a violation for each bad one.
 */
export function normalSettings(given: Settings, replicationFactor: number): Settings {
  const ours = Object.fromEntries(
    Object.entries(given).map(([name, text]) => settingOf(name, text)),
  )
  const checked = encodeTopicConfig(ours, POINTER)
  checked[MIN_ISR] ??= String(defaultMinIsr(replicationFactor))
  checkMinIsr(Number(checked[MIN_ISR]), replicationFactor)
  return Object.fromEntries(Object.entries(checked).filter(isNotDefault).sort())
}

/** A topic's `min.insync.replicas` from its normal settings. */
export function minIsrOf(settings: Settings): number {
  return Number(settings[MIN_ISR] ?? topicSettings.minInsyncReplicas.default)
}

/**
 * `reset` names settings that return to their default. Throws INVALID_CONFIG for an unknown one.
 */
export function alteredSettings(
  before: Settings,
  change: { readonly set: Settings; readonly reset: readonly string[] },
  replicationFactor: number,
): Settings {
  const unknown = change.reset.find((name) => !names.has(name))
  if (unknown !== undefined) throw unknownSetting(unknown)
  // Explicit, because what is absent here would be taken for a wish for the factor's default.
  const explicit = { [MIN_ISR]: String(minIsrOf(before)), ...before, ...change.set }
  const kept = Object.entries(explicit).filter(([name]) => !change.reset.includes(name))
  return normalSettings(Object.fromEntries(kept), replicationFactor)
}

export function sameSettings(a: Settings, b: Settings): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

function defaultMinIsr(replicationFactor: number): number {
  return Math.floor(replicationFactor / 2) + 1
}

/** More than there are replicas: no acks=all could ever succeed. */
function checkMinIsr(minIsr: number, replicationFactor: number): void {
  if (minIsr <= replicationFactor) return
  const detail = `minInsyncReplicas is at most the replication factor, which is ${replicationFactor}.`
  const violations = [{ pointer: `${POINTER}/minInsyncReplicas`, detail }]
  throw new BusError('INVALID_CONFIG', detail, { violations })
}

/** As a caller of our API would have sent it, so that one function checks both. */
function settingOf(kafkaName: string, text: string): [TopicSettingName, unknown] {
  const name = names.get(kafkaName)
  if (name === undefined) throw unknownSetting(kafkaName)
  const isNumber = topicSettings[name].type === 'number' && /^-?\d{1,16}$/.test(text)
  return [name, isNumber ? Number(text) : text]
}

function unknownSetting(kafkaName: string): BusError {
  const detail = `There is no topic setting of that name. Settings: ${[...names.keys()].join(', ')}.`
  const violations = [{ pointer: POINTER, detail }]
  return new BusError('INVALID_CONFIG', detail, { violations, internal: { kafkaName } })
}

function isNotDefault([kafkaName, text]: [string, string]): boolean {
  const name = names.get(kafkaName)
  return name === undefined || String(defaultTopicConfig[name]) !== text
}
