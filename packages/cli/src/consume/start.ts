import { InvalidArgumentError } from 'commander'

/** Where reading begins: at an end of the log, or at an offset. */
export type Start = 'earliest' | 'latest' | number

export function parseStart(text: string): Start {
  if (text === 'earliest' || text === 'latest') return text
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be earliest, latest or an offset.')
}
