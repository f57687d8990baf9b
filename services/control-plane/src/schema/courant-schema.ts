import { customType, pgSchema } from 'drizzle-orm/pg-core'

/** Everything of ours lives in one schema, so that a database can be shared and cleaned. */
export const courant = pgSchema('courant')

/** bytea as a Buffer. */
export const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })
