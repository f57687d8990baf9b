/** One PostgreSQL for all test files that only want databases. */
import { startTestPostgres } from '@courant/testkit'
import type { TestProject } from 'vitest/node'
import { MIGRATIONS_DIRECTORY, migrate } from '../src/migrations/migrator.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Its template has all migrations. */
    postgresUrl: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startTestPostgres({
    prepare: async (url) => {
      await migrate(url, MIGRATIONS_DIRECTORY)
    },
  })
  project.provide('postgresUrl', postgres.url)
  return () => postgres.stop()
}
