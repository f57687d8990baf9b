import { defineConfig } from 'vitest/config'

/** `npm run test:e2e`: processes as users run them, killed and restarted. One file at a time. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts', '../../{packages,services}/*/test/*.e2e.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
})
