import { defineConfig } from 'vitest/config'

/** The tests of `npm test`: every package and service, real parts only, nothing a user may lack. */
export default defineConfig({
  test: {
    include: [
      '{packages,services}/*/{src,test}/**/*.test.ts',
      'scripts/**/*.test.ts',
      'bench/src/**/*.test.ts',
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
