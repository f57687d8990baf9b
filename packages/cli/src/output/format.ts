/** Numbers and times as people read them. */

/** 1234567 -> `1,234,567`. By hand: making an Intl.NumberFormat takes longer than most commands. */
export function formatCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 record`, `2 records` */
export function formatAmount(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Epoch milliseconds -> `2026-11-24 09:30:00Z` */
export function formatTime(epochMs: number): string {
  const text = new Date(epochMs).toISOString()
  return `${text.slice(0, 10)} ${text.slice(11, 19)}Z`
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** 604800000 -> `7 d`; in the largest unit that says it exactly. */
export function formatDuration(milliseconds: number): string {
  const unit = UNITS.find(([, size]) => milliseconds >= size && milliseconds % size === 0)
  return unit === undefined ? `${milliseconds} ms` : `${milliseconds / unit[1]} ${unit[0]}`
}

/** 1234 -> `1.2 s` */
export function formatElapsed(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
