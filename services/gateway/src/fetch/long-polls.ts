import type { BrokerConnection } from '@courant/kafka-protocol'
import type { Clock } from '@courant/kernel'
import type { Leaders } from '../routing/leaders.ts'
import { ConnectionPolls } from './connection-polls.ts'
import type { Fetched, FetchPosition, Isolation } from './partition-fetcher.ts'

/** Waits for records on behalf of all readers of this gateway, few requests for many readers. */
export class LongPolls {
  readonly #leaders: Leaders
  readonly #clock: Clock
  /** A connection that broke takes its polls with it. */
  readonly #polls = new WeakMap<BrokerConnection, ConnectionPolls>()

  /** The connections behind `leaders` should serve nothing else: they are busy for seconds. */
  constructor(leaders: Leaders, clock: Clock) {
    this.#leaders = leaders
    this.#clock = clock
  }

  /**
   * The next records at a position, as soon as there are any; null when none came within `waitMs`
   * or `signal` has aborted. Rejects with BusError.
   */
  async wait(
    position: FetchPosition,
    isolation: Isolation,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Fetched | null> {
    const connection = await this.#leaders.connection(position.topicId, position.partition)
    if (signal.aborted) return null
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        leave()
        timer.cancel()
        signal.removeEventListener('abort', giveUp)
        settle()
      }
      const giveUp = (): void => finish(() => resolve(null))
      const leave = this.#of(connection).add(position, isolation, {
        resolve: (fetched) => finish(() => resolve(fetched)),
        reject: (error) => finish(() => reject(error)),
      })
      const timer = this.#clock.setTimer(waitMs, giveUp)
      signal.addEventListener('abort', giveUp)
    })
  }

  /**
   * Until there is something at one of the positions, or a leader says why there will not be: true;
   * false when neither came within `waitMs` or before `signal` aborted. Positions whose leader is
   * not known now are not waited for.
   */
  async waitForAny(
    positions: readonly FetchPosition[],
    isolation: Isolation,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const connections = await Promise.all(
      positions.map(async ({ topicId, partition }) => {
        const connecting = async () => this.#leaders.connection(topicId, partition)
        return connecting().catch(() => null)
      }),
    )
    if (signal.aborted) return false
    return new Promise((resolve) => {
      const leaving: (() => void)[] = []
      const finish = (found: boolean): void => {
        for (const leave of leaving) leave()
        timer.cancel()
        signal.removeEventListener('abort', giveUp)
        resolve(found)
      }
      const giveUp = (): void => finish(false)
      const found = (): void => finish(true)
      for (const [index, position] of positions.entries()) {
        const connection = connections[index]
        if (connection === null || connection === undefined) continue
        leaving.push(
          this.#of(connection).add(position, isolation, { resolve: found, reject: found }),
        )
      }
      const timer = this.#clock.setTimer(waitMs, giveUp)
      signal.addEventListener('abort', giveUp)
    })
  }

  #of(connection: BrokerConnection): ConnectionPolls {
    const known = this.#polls.get(connection)
    if (known !== undefined) return known
    const polls = new ConnectionPolls(connection)
    this.#polls.set(connection, polls)
    return polls
  }
}
