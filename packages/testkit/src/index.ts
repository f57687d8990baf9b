export { TestDatabases } from './test-databases.ts'
export { startTestPostgres, type TestPostgres, type TestPostgresOptions } from './test-postgres.ts'
