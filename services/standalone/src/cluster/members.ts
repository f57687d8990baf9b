import type { Clock } from '@courant/kernel'
import { StartError } from '../start-error.ts'
import { type Exit, exitText, type Member, type MemberStatus, nameOf, type Role } from './member.ts'
import { Supervision } from './supervision.ts'

export interface MembersOptions {
  readonly clock: Clock
  readonly supervise: boolean
  /** A line for whoever watches the supervisor. */
  readonly say: (line: string) => void
  /** Once it has aborted, nothing is started any more. */
  readonly stopping: AbortSignal
  /** A process has begun or ended. */
  readonly onChange: () => void
}

/** All parts of the cluster: started, stopped and started again one by one, each in its turn. */
export class Members {
  readonly #options: MembersOptions
  readonly #supervision: Supervision
  readonly #members: Member[] = []
  readonly #turns = new WeakMap<Member, Promise<unknown>>()

  constructor(options: MembersOptions) {
    this.#options = options
    this.#supervision = new Supervision(options.clock, options.stopping)
  }

  /** Adds a member and starts it. */
  async start(member: Member): Promise<void> {
    this.#members.push(member)
    member.onLost = (exit) => this.#onLost(member, exit)
    await this.#inTurn(member, () => this.#start(member))
  }

  /** Stops the member first if it runs. */
  async restart(role: Role, id: number): Promise<MemberStatus> {
    const member = this.#find(role, id)
    await this.#inTurn(member, async () => {
      await member.stop()
      await this.#start(member)
    })
    return await member.status()
  }

  async stop(role: Role, id: number): Promise<MemberStatus> {
    const member = this.#find(role, id)
    await this.#inTurn(member, () => this.#stop(member))
    return await member.status()
  }

  /**
   * From the edge inwards, each role once the one before is gone. Brokers go one after another, so
   * that each hands its partitions to one that still serves.
   */
  async stopAll(onStep: (name: string) => void): Promise<void> {
    const stopOne = async (member: Member): Promise<void> => {
      onStep(nameOf(member))
      await this.#inTurn(member, () => this.#stop(member))
    }
    await Promise.all(this.#ofRole('gateway').map(stopOne))
    for (const broker of this.#ofRole('broker').reverse()) await stopOne(broker)
    await Promise.all(this.#ofRole('control-plane').map(stopOne))
    for (const postgres of this.#ofRole('postgres')) await stopOne(postgres)
  }

  async status(): Promise<readonly MemberStatus[]> {
    return await Promise.all(this.#members.map((member) => member.status()))
  }

  async statusOf(role: Role, id: number): Promise<MemberStatus> {
    return await this.#find(role, id).status()
  }

  nextId(role: Role): number {
    return Math.max(0, ...this.#ofRole(role).map(({ id }) => id)) + 1
  }

  #ofRole(role: Role): Member[] {
    return this.#members.filter((member) => member.role === role)
  }

  #find(role: Role, id: number): Member {
    const ofRole = this.#ofRole(role)
    const found = ofRole.find((member) => member.id === id)
    if (found !== undefined) return found
    const ids = ofRole.map((member) => member.id).join(', ')
    throw new StartError(`There is no ${role} ${id} in this cluster; there are: ${ids || 'none'}.`)
  }

  async #start(member: Member): Promise<void> {
    const { stopping, onChange } = this.#options
    if (stopping.aborted) throw new StartError('The cluster is stopping.')
    try {
      await member.start(stopping)
    } finally {
      onChange()
    }
  }

  async #stop(member: Member): Promise<void> {
    try {
      await member.stop()
    } finally {
      this.#options.onChange()
    }
  }

  #onLost(member: Member, exit: Exit): void {
    const { say, onChange, supervise } = this.#options
    onChange()
    const ended = `${nameOf(member)} ended ${exitText(exit)}.`
    if (!supervise) {
      say(`${ended} To start it again: npx courant cluster restart ${member.role} ${member.id}`)
      return
    }
    say(`${ended} It is started again.`)
    const again = (): Promise<void> => this.#inTurn(member, () => this.#start(member))
    void this.#supervision.revive(member, again, say)
  }

  /** One thing at a time happens to a member, whatever came of the one before. */
  #inTurn(member: Member, work: () => Promise<void>): Promise<void> {
    const before = this.#turns.get(member) ?? Promise.resolve()
    const turn = before.then(work, work)
    this.#turns.set(member, turn)
    return turn
  }
}
