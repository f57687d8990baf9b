import { Failure, usageError } from '../failure.ts'
import type { Session } from '../session.ts'

/** How the commands of operators name a topic, whose name is unique only within its tenant. */
export const TOPIC_HELP = '<tenant>/<topic>, or the id of the topic'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export async function topicIdOf(session: Session, text: string): Promise<string> {
  if (UUID.test(text)) return text
  // No topic has a slash in its name; a tenant may.
  const slash = text.lastIndexOf('/')
  if (slash <= 0) throw usageError(`"${text}" does not name a topic.`, `Give ${TOPIC_HELP}.`)
  const query = { tenant: text.slice(0, slash), topic: text.slice(slash + 1), limit: 1 }
  const { partitions } = await session.call(
    'read',
    (api) => api.GET('/v1/cluster/partitions', { params: { query } }),
    'operator',
  )
  const [first] = partitions
  if (first === undefined) throw new Failure(`${text} has no partitions any more.`)
  return first.topicId
}
