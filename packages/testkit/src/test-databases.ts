import pg from 'pg'

const TEMPLATE = 'courant_template'

/**
 * Fresh copies of the template of a test server, for one test file. Databases of one server share
 * nothing but roles.
 */
export class TestDatabases {
  readonly #serverUrl: string
  #admin: Promise<pg.Client> | null = null

  /** `serverUrl` is the `url` of a `TestPostgres`. */
  constructor(serverUrl: string) {
    this.#serverUrl = serverUrl
  }

  /** Makes the template, empty; returns its URL. */
  static async makeTemplate(serverUrl: string): Promise<string> {
    const databases = new TestDatabases(serverUrl)
    try {
      return await databases.#create(TEMPLATE, 'template1')
    } finally {
      await databases.close()
    }
  }

  /** A copy of the template; returns its URL. */
  create(): Promise<string> {
    return this.#create(null, TEMPLATE)
  }

  /** A database without any schema. */
  createEmpty(): Promise<string> {
    return this.#create(null, 'template1')
  }

  async close(): Promise<void> {
    const admin = this.#admin
    this.#admin = null
    await (await admin)?.end().catch(() => {})
  }

  /** A null name is drawn. */
  async #create(given: string | null, template: string): Promise<string> {
    this.#admin ??= connect(this.#serverUrl)
    const admin = await this.#admin
    const drawn = await admin.query(`SELECT 'courant_' || gen_random_uuid() AS name`)
    const name: string = given ?? drawn.rows[0].name
    // FILE_COPY: the other way writes every page to the log first.
    await admin.query(`CREATE DATABASE "${name}" TEMPLATE ${template} STRATEGY FILE_COPY`)
    return this.#serverUrl.replace('/postgres?', `/${name}?`)
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  // A test may halt the server.
  client.on('error', () => {})
  await client.connect()
  return client
}
