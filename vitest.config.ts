import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const STANDALONE = 'services/standalone/test/**/*.test.ts'
const CONTROL_PLANE = 'services/control-plane/test/**/*.test.ts'

/** The tests of `npm test`: every package and service, real parts only, nothing a user may lack. */
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Left to itself it keeps a core free, which on two cores is half of them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: [
            '{packages,services}/*/{src,test}/**/*.test.ts',
            'scripts/**/*.test.ts',
            'bench/src/**/*.test.ts',
            'test/chaos/**/*.test.ts',
          ],
          exclude: [STANDALONE, CONTROL_PLANE, '**/node_modules/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'control plane',
          include: [CONTROL_PLANE],
          globalSetup: 'services/control-plane/test/shared-postgres.ts',
          // Most of their time they wait for PostgreSQL or a session to expire.
          maxWorkers: 2,
          // Their modules keep no state beyond a test, and importing them takes seconds.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'standalone',
          include: [STANDALONE],
          globalSetup: 'services/standalone/test/support/shared-standalone.ts',
        },
      },
    ],
  },
})
