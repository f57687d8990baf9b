import type { Problem } from '@courant/api'
import type { components } from '@courant/api/openapi'
import { failureOf } from '../client/problem.ts'
import type { Session } from '../session.ts'

type Result = components['schemas']['ReassignmentResult']

/**
 * Each result with `--json`, else one line a success; then the first refusal as the failure of the
 * command.
 */
export async function printResults(
  session: Session,
  results: readonly Result[],
  sentence: (result: Result) => string,
): Promise<void> {
  for (const result of results) {
    if (session.json) await session.object(result)
    else if (result.problem === undefined) await session.line(sentence(result))
  }
  const refused = results.find(({ problem }) => problem !== undefined)?.problem
  if (refused !== undefined) throw failureOf(refused as Problem, 'write')
}
