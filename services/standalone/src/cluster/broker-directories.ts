import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { StartError } from '../start-error.ts'

/** Ids of the brokers that have data in the directory of a cluster: it needs them all. */
export function brokerDirectories(dataDirectory: string): readonly number[] {
  return readdirSync(dataDirectory).flatMap((name) => {
    const id = /^broker-(\d{1,3})$/.exec(name)?.[1]
    return id === undefined ? [] : [Number(id)]
  })
}

/** The one broker of `npm start` keeps its data under another name, and would not be started. */
export function refuseStandalone(dataDirectory: string): void {
  if (!existsSync(join(dataDirectory, 'broker'))) return
  throw new StartError(
    `${dataDirectory} holds the data of an npm start. Choose another directory with --data-dir ` +
      '(COURANT_DATA_DIR).',
  )
}
