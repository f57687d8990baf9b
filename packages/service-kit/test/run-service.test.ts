/**
 * Goal: the life of a process as an operator sees it: exit status, what it prints, how it stops.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

interface Run {
  readonly child: ChildProcess
  printed(): string
  /** Resolves once the text has been printed. */
  saw(text: string): Promise<void>
  readonly ended: Promise<number | null>
}

function run(environment: Record<string, string>): Run {
  const child = spawn(process.execPath, [`${import.meta.dirname}/fixture-service.ts`], {
    env: { ...process.env, COURANT_ADMIN_PORT: '0', ...environment },
  })
  children.push(child)
  let printed = ''
  const waiting = new Set<() => void>()
  const collect = (bytes: Buffer): void => {
    printed += bytes.toString()
    for (const check of waiting) check()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  return {
    child,
    printed: () => printed,
    saw: (text) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!printed.includes(text)) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
    ended: new Promise((resolve) => child.on('close', resolve)),
  }
}

describe('a process', () => {
  it('refuses bad configuration with status 2 and names every problem', async () => {
    const { ended, printed } = run({ COURANT_LOG_LEVEL: 'loud', FIXTURE_MODE: 'bad' })
    expect(await ended).toBe(2)
    expect(printed()).toContain('COURANT_LOG_LEVEL is "loud", but must be one of fatal')
    expect(printed()).toContain('FIXTURE_MODE is "bad"')
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('stops cleanly on %s', async (signal) => {
    const { child, ended, saw, printed } = run({})
    await saw('fixture is running')
    child.kill(signal)
    expect(await ended).toBe(0)
    expect(printed()).toContain('"msg":"stopped"')
  })

  it('ends a start that waits for others, as a clean stop', async () => {
    const { child, ended, saw, printed } = run({ FIXTURE_MODE: 'wait' })
    await saw('waiting for somebody')
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(printed()).toContain('stopped before it could serve')
  })

  it('stops at once on a second signal', async () => {
    const { child, ended, saw } = run({ FIXTURE_MODE: 'stuck' })
    await saw('fixture is running')
    child.kill('SIGTERM')
    await saw('a second signal stops at once')
    child.kill('SIGINT')
    expect(await ended).toBe(130)
  })

  it('crashes loudly on a rejection that nobody handles', async () => {
    const { ended, printed } = run({ FIXTURE_MODE: 'reject' })
    expect(await ended).toBe(1)
    expect(printed()).toContain('unhandledRejection')
    expect(printed()).toContain('nobody caught this')
  })
})
