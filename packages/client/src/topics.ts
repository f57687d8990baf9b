import type { components, paths } from '@courant/api/openapi'
import type { Calls } from './http/call.ts'

type Schemas = components['schemas']
type BodyOf<Operation extends { requestBody: { content: { 'application/json': unknown } } }> =
  Operation['requestBody']['content']['application/json']

export type Topic = Schemas['Topic']
export type TopicSummary = Schemas['TopicSummary']
export type NewTopic = BodyOf<paths['/v1/topics']['post']>
export type TopicChange = BodyOf<paths['/v1/topics/{topic}']['patch']>

const PAGE = 1_000

interface TopicPage {
  readonly topics: readonly TopicSummary[]
  readonly nextCursor: string | null
}

/** The tenant's topics. Everything rejects with CourantError. */
export class Topics {
  readonly #calls: Calls

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /** Resolves when it can be used, through any gateway. An equal topic that is there is as good. */
  create(body: NewTopic): Promise<Topic> {
    const options = { name: 'create topic', effect: 'repeatable' } as const
    return this.#calls.call(options, (api, sent) => api.POST('/v1/topics', { body, ...sent }))
  }

  describe(topic: string): Promise<Topic> {
    const options = { name: 'describe topic', effect: 'repeatable' } as const
    return this.#calls.call(options, (api, sent) =>
      api.GET('/v1/topics/{topic}', { params: { path: { topic } }, ...sent }),
    )
  }

  /** In the order of their names. */
  async *list({ prefix = '' }: { readonly prefix?: string } = {}): AsyncGenerator<TopicSummary> {
    const options = { name: 'list topics', effect: 'repeatable' } as const
    let cursor: string | null = null
    do {
      const query = { limit: PAGE, prefix, ...(cursor === null ? {} : { cursor }) }
      const page: TopicPage = await this.#calls.call(options, (api, sent) =>
        api.GET('/v1/topics', { params: { query }, ...sent }),
      )
      yield* page.topics
      cursor = page.nextCursor
    } while (cursor !== null)
  }

  /** Settings that are given are set; null returns one to its default. */
  alter(topic: string, body: TopicChange): Promise<Topic> {
    const options = { name: 'alter topic', effect: 'repeatable' } as const
    return this.#calls.call(options, (api, sent) =>
      api.PATCH('/v1/topics/{topic}', { params: { path: { topic } }, body, ...sent }),
    )
  }

  /**
   * With all its records, at once. Not tried again: somebody may have made a new one of that name.
   */
  async delete(topic: string): Promise<void> {
    const options = { name: 'delete topic', effect: 'once' } as const
    await this.#calls.call(options, (api, sent) =>
      api.DELETE('/v1/topics/{topic}', { params: { path: { topic } }, ...sent }),
    )
  }
}
