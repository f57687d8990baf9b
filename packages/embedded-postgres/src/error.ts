/**
 * The embedded PostgreSQL cannot run here. The message is for the operator: what, where, and what
 * helps.
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
}
