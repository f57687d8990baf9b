/** Latency at low load: one request at a time, a pause before each, as an idle service sees it. */
import { connect, type Socket } from 'node:net'
import { Latencies, type LatencySummary } from '../harness/statistics.ts'
import { FrameParser } from './frame-parser.ts'
import { HttpParser } from './http-parser.ts'
import type { AnswerParser } from './pipeline.ts'

/** 200 requests a second: each finds every process asleep. */
const PAUSE_MS = 5

export interface PacedLatency {
  readonly port: number
  readonly protocol: 'http' | 'frames'
  readonly request: Uint8Array
  /** Positions in each framed answer, behind the prefix, that hold error codes. */
  readonly mustBeZero?: readonly number[]
  readonly count: number
}

export async function run(options: PacedLatency): Promise<LatencySummary> {
  const { protocol, mustBeZero = [] } = options
  const parser = protocol === 'http' ? new HttpParser() : new FrameParser(mustBeZero)
  const socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true })
  const latencies = new Latencies()
  try {
    for (let done = 0; done < options.count; done++) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      const started = performance.now()
      await exchange(socket, options.request, parser)
      latencies.record(performance.now() - started)
    }
  } finally {
    socket.destroy()
  }
  return latencies.summary()
}

function exchange(socket: Socket, request: Uint8Array, parser: AnswerParser): Promise<void> {
  return new Promise((resolve, reject) => {
    const onData = (bytes: Buffer): void => {
      try {
        if (parser.read(bytes) === 0) return
        stop()
        resolve()
      } catch (error) {
        stop()
        reject(error)
      }
    }
    const stop = (): void => {
      socket.off('data', onData)
      socket.off('error', reject)
    }
    socket.on('data', onData)
    socket.on('error', reject)
    socket.write(request)
  })
}
