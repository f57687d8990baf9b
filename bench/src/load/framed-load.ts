/** Load for whatever speaks frames with a 4-byte length: our broker, and the limits of a fetch. */
import { FrameParser } from './frame-parser.ts'
import { type PipelineResult, runPipeline, type Until } from './pipeline.ts'
import { Train } from './train.ts'

export interface FramedLoad {
  readonly port: number
  /** Of equal length, sent in turn, without end. Prefixes included. */
  readonly requests: readonly Uint8Array[]
  readonly inFlight: number
  readonly until: Until
  /** Sent first on a connection; its answer is not counted. */
  readonly handshake: Uint8Array
  /** Positions in each answer, behind the prefix, that hold error codes. */
  readonly mustBeZero: readonly number[]
}

/** Several loads at the same time, as one. */
export async function runAll(loads: readonly FramedLoad[]): Promise<PipelineResult> {
  const results = await Promise.all(loads.map(run))
  const sum = (of: (result: PipelineResult) => number) =>
    results.reduce((total, result) => total + of(result), 0)
  return {
    answersPerSecond: sum(({ answersPerSecond }) => answersPerSecond),
    bytesPerSecond: sum(({ bytesPerSecond }) => bytesPerSecond),
  }
}

export async function run(load: FramedLoad): Promise<PipelineResult> {
  const { requests, handshake, mustBeZero, ...rest } = load
  const train = new Train(requests)
  const newParser = () => new FrameParser(mustBeZero, 'after handshake')
  const greeting = Buffer.from(handshake)
  return await runPipeline({ ...rest, train, newParser, greeting, connections: 1 })
}
