/** A suite of the continuous integration: a command, how long it may take, and how it counts. */
export interface Suite {
  readonly name: string
  /**
   * Run from the root of the repository, by the shell. `{count}` stands for the number of cases.
   */
  readonly command: string
  readonly budgetSeconds: number
  /**
   * - `vitest`: the tests of the JSON report that the command is told to write.
   * - `summary`: the last line "N passed, N failed" of what the command prints.
   * - `exit`: one check, passed if the command exits with 0.
   */
  readonly counts: 'vitest' | 'summary' | 'exit'
  /** Cases to run when there is time; cut, but never to nothing, when there is not. */
  readonly cases?: number
}

/** In this order. The whole, `npm test` included, stays under 40 minutes. */
export const suites: readonly Suite[] = [
  { name: 'lint', command: 'biome check .', budgetSeconds: 20, counts: 'exit' },
  { name: 'types', command: 'npm run --silent typecheck', budgetSeconds: 30, counts: 'exit' },
  { name: 'tidy', command: 'node scripts/tidy.ts', budgetSeconds: 10, counts: 'exit' },
  { name: 'boundaries', command: 'npm run --silent boundaries', budgetSeconds: 10, counts: 'exit' },
  { name: 'dead code', command: 'npm run --silent deadcode', budgetSeconds: 20, counts: 'exit' },
  { name: 'proto', command: 'buf lint proto', budgetSeconds: 10, counts: 'exit' },
  {
    name: 'public gRPC API against the last release',
    command: 'buf breaking proto --against proto/released/courant-v1.binpb',
    budgetSeconds: 10,
    counts: 'exit',
  },
  {
    name: 'generated files',
    command: 'npm run --silent generate:check',
    budgetSeconds: 20,
    counts: 'exit',
  },
  {
    name: 'end to end',
    command: 'npm run --silent test:e2e --',
    budgetSeconds: 480,
    counts: 'vitest',
  },
  {
    name: 'crash simulation',
    command: 'npm run --silent test:sim:log -- --seeds {count} --first-seed 1',
    budgetSeconds: 30,
    counts: 'summary',
    cases: 400,
  },
  {
    name: 'simulated cluster',
    command: 'npm run --silent test:sim -- --seeds {count} --first-seed 1',
    budgetSeconds: 150,
    counts: 'summary',
    cases: 200,
  },
  {
    name: 'simulated groups',
    command: 'npm run --silent test:sim:groups -- --seeds {count} --first-seed 1',
    budgetSeconds: 40,
    counts: 'summary',
    cases: 200,
  },
  {
    name: 'chaos',
    command: 'npm run --silent test:chaos -- --minutes {count} --seed 1',
    budgetSeconds: 260,
    counts: 'summary',
    cases: 3,
  },
  {
    name: 'planted bugs',
    command: 'npm run --silent test:planted',
    budgetSeconds: 100,
    counts: 'summary',
  },
  {
    name: 'replication bugs',
    command: 'npm run --silent test:planted:replication',
    budgetSeconds: 90,
    counts: 'summary',
  },
  {
    name: 'group bugs',
    command: 'npm run --silent test:planted:group',
    budgetSeconds: 50,
    counts: 'summary',
  },
  {
    name: 'cluster bugs',
    command: 'npm run --silent test:planted:cluster',
    budgetSeconds: 200,
    counts: 'summary',
  },
  {
    name: 'simulated group bugs',
    command: 'npm run --silent test:planted:groups',
    budgetSeconds: 80,
    counts: 'summary',
  },
  {
    name: 'control plane bugs',
    command: 'npm run --silent test:planted:control-plane',
    budgetSeconds: 280,
    counts: 'summary',
  },
  {
    name: 'benchmarks run',
    command: 'npm run --silent bench -- --smoke',
    budgetSeconds: 190,
    counts: 'exit',
  },
]
