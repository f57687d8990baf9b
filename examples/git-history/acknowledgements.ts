import { appendFileSync, createReadStream, writeFileSync } from 'node:fs'
import { lines } from './lines.ts'

/** What a run has sent, and where. The first line of the file. */
export interface Run {
  readonly topic: string
  readonly stream: string
  readonly records: number
}

export interface Acknowledgements extends Run {
  /** By the sequence of the event; undefined where the server has promised nothing. */
  readonly places: readonly (Place | undefined)[]
}

export interface Place {
  readonly partition: number
  readonly offset: number
}

export interface AcknowledgementWriter {
  write(results: readonly object[]): void
}

/** Begins the file anew. What is written is in the hands of the system when `write` returns. */
export function startAcknowledgements(path: string, run: Run): AcknowledgementWriter {
  writeFileSync(path, `${JSON.stringify(run)}\n`)
  return {
    write(results) {
      appendFileSync(path, results.map((result) => `${JSON.stringify(result)}\n`).join(''))
    },
  }
}

export async function readAcknowledgements(path: string): Promise<Acknowledgements> {
  let run: Run | null = null
  const places: (Place | undefined)[] = []
  for await (const batch of lines(createReadStream(path))) {
    for (const line of batch) {
      if (run === null) run = JSON.parse(line) as Run
      else {
        const { index, partition, offset } = JSON.parse(line) as Place & { index: number }
        places[index] = { partition, offset }
      }
    }
  }
  if (run === null) throw new Error(`${path} holds no run.`)
  return { ...run, places }
}
