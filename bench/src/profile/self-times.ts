/** As V8 writes it. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
    }
  }[]
  /** Ids of the nodes that were on top of the stack. */
  readonly samples: readonly number[]
  /** Microseconds between each sample and the one before it. */
  readonly timeDeltas: readonly number[]
}

export interface SelfTimes {
  /** Everything but idle. */
  readonly busyMs: number
  /** Ms spent in a function itself, not in what it calls. */
  readonly byFunction: ReadonlyMap<string, number>
  readonly byFile: ReadonlyMap<string, number>
}

/** Sums the samples of a profile. The time before a sample belongs to the sample before it. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): SelfTimes {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const byFunction = new Map<string, number>()
  const byFile = new Map<string, number>()
  let busyMs = 0
  for (let index = 0; index + 1 < samples.length; index++) {
    const frame = frames.get(samples[index] ?? -1)
    const ms = (timeDeltas[index + 1] ?? 0) / 1000
    if (frame === undefined || frame.functionName === '(idle)') continue
    const file = shortPath(frame.url)
    const name = frame.functionName === '' ? '(anonymous)' : frame.functionName
    add(byFile, file === '' ? name : file, ms)
    add(byFunction, file === '' ? name : `${name}  ${file}:${frame.lineNumber + 1}`, ms)
    busyMs += ms
  }
  return { busyMs, byFunction, byFile }
}

function add(times: Map<string, number>, name: string, ms: number): void {
  times.set(name, (times.get(name) ?? 0) + ms)
}

/** What tells files apart: the package and the path in it. */
function shortPath(url: string): string {
  return url
    .replace(/^file:\/\//, '')
    .replace(/^.*\/(?=(packages|services|bench|node_modules)\/)/, '')
}
