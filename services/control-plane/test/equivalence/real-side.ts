/**
 * The real operations on a real PostgreSQL whose clock is the test's: all `clock_timestamp()` of
 * our SQL are calls of a function that comes before the system's in the search path.
 */
import { type SeededRandom, systemClock, systemRandom } from '@courant/kernel'
import pg from 'pg'
import { Cluster } from '../../src/cluster.ts'
import { Database } from '../../src/database/database.ts'

/** What an operation needs on this side. */
export interface RealSide {
  readonly cluster: Cluster
  readonly database: Database
  /** Gives the same as the model's. */
  readonly random: SeededRandom
}

const SIMULATED_TIME = `
  CREATE SCHEMA simulated;
  CREATE TABLE simulated.clock AS SELECT to_timestamp(0) AS now;
  CREATE FUNCTION simulated.clock_timestamp() RETURNS timestamptz LANGUAGE sql SECURITY DEFINER
    AS 'SELECT now FROM simulated.clock';
  GRANT USAGE ON SCHEMA simulated TO PUBLIC;
  ALTER FUNCTION courant.record_changes SET search_path = simulated, pg_catalog, courant, pg_temp;
  ALTER TABLE courant.tenant ALTER created_at SET DEFAULT simulated.clock_timestamp();
  ALTER TABLE courant.api_key ALTER created_at SET DEFAULT simulated.clock_timestamp();
  ALTER TABLE courant.topic ALTER created_at SET DEFAULT simulated.clock_timestamp();
  ALTER TABLE courant.broker ALTER registered_at SET DEFAULT simulated.clock_timestamp();
  DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET search_path = simulated, pg_catalog', current_database());
  END $$`

/** A database of its own, for one seed after the other. */
export class RealDatabase {
  readonly #client: pg.Client
  readonly #database: Database

  private constructor(client: pg.Client, database: Database) {
    this.#client = client
    this.#database = database
  }

  /** `url`: of a fresh database with all migrations. */
  static async open(url: string): Promise<RealDatabase> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(SIMULATED_TIME)
    const ports = { clock: systemClock, random: systemRandom, onIdleError: () => {} }
    return new RealDatabase(client, new Database({ url, ...ports }))
  }

  async close(): Promise<void> {
    await this.#database.close()
    await this.#client.end()
  }

  /** As after the migrations. */
  async empty(clusterId: string): Promise<Cluster> {
    await this.#client.query(`
      TRUNCATE courant.tenant, courant.api_key, courant.topic, courant.topic_tombstone,
        courant.partition, courant.broker, courant.broker_session, courant.producer_id_block,
        courant.metadata_change, courant.consumer_group, courant.group_member,
        courant.group_partition, courant.group_offset;
      ALTER SEQUENCE courant.producer_id_block_number RESTART;
      DELETE FROM courant.cluster_meta`)
    await this.#client.query('INSERT INTO courant.cluster_meta (cluster_id) VALUES ($1)', [
      clusterId,
    ])
    return Cluster.open(this.#database)
  }

  side(cluster: Cluster, random: SeededRandom): RealSide {
    return { cluster, random, database: this.#database }
  }

  async setTime(nowMs: number): Promise<void> {
    const sql = 'UPDATE simulated.clock SET now = to_timestamp($1::float8 / 1000)'
    await this.#client.query(sql, [nowMs])
  }

  async beginIncarnation(): Promise<void> {
    await this.#client.query(
      'UPDATE courant.cluster_meta SET cluster_incarnation = cluster_incarnation + 1',
    )
  }

  /** All rows of all tables, as JSON. */
  async rows(): Promise<Record<string, readonly Record<string, unknown>[]>> {
    const { rows } = await this.#client.query(ALL_ROWS)
    return rows[0].everything
  }
}

const TABLES = [
  'cluster_meta',
  'broker',
  'broker_session',
  'tenant',
  'api_key',
  'topic',
  'topic_tombstone',
  'partition',
  'metadata_change',
  'producer_id_block',
]

const ALL_ROWS = `SELECT json_build_object(${TABLES.map(
  (name) => `'${name}', (SELECT coalesce(json_agg(t), '[]') FROM courant.${name} AS t)`,
).join(', ')}) AS everything`
