/** What start and cancel answer: one result a partition, which succeed and fail one by one. */
import { problemOf } from '@courant/api'
import type { ReassignmentResult } from '@courant/api/internal/v1/cluster'
import { BusError, type ErrorCode, errorCodes, limits } from '@courant/kernel'
import { Type } from 'typebox'
import type { GatewayParts } from '../../../gateway-parts.ts'
import type { ResponseDescription, RouteAnswer } from '../../route.ts'
import { JSON_TYPE } from '../../samples.ts'
import { ItemProblem } from '../../schemas.ts'
import { sampleReassigned } from '../cluster-samples.ts'

const Result = Type.Object(
  {
    topicId: Type.String(),
    partition: Type.Integer(),
    replicas: Type.Array(Type.Integer(), {
      description: 'As it is now: those that are added, and those that leave, among them.',
    }),
    addingReplicas: Type.Array(Type.Integer()),
    removingReplicas: Type.Array(Type.Integer()),
    problem: Type.Optional(ItemProblem),
  },
  { $id: 'ReassignmentResult' },
)

const Results = Type.Object({
  results: Type.Array(Result, { description: 'In the order of the request.' }),
  failed: Type.Integer({ description: 'How many of them were refused.' }),
})

const refused = { replicas: [1, 2, 3], addingReplicas: [], removingReplicas: [] }
const problem = problemOf(
  new BusError('INVALID_REPLICA_ASSIGNMENT', 'These brokers cannot take replicas now: 9.'),
  'b1946ac92492-7f',
)

/** The answers that are not problems as a whole. */
export const resultResponses: Readonly<Record<number, ResponseDescription>> = {
  200: {
    description: 'All of them.',
    content: {
      [JSON_TYPE]: { schema: Results, example: { results: [sampleReassigned], failed: 0 } },
    },
  },
  207: {
    description: 'Some of them; each of the others says in `problem` why not.',
    content: {
      [JSON_TYPE]: {
        schema: Results,
        example: {
          results: [sampleReassigned, { ...sampleReassigned, partition: 4, ...refused, problem }],
          failed: 1,
        },
      },
    },
  },
}

/**
 * Waits until this gateway has seen what was changed. Where all were refused, throws the refusal of
 * the highest status, with a violation for each below `pointer`, the list in the request.
 */
export async function answerResults(
  { metadata }: GatewayParts,
  answer: { readonly results: readonly ReassignmentResult[]; readonly metadataVersion: number },
  { pointer, requestId }: { readonly pointer: string; readonly requestId: string },
): Promise<RouteAnswer> {
  const errors = answer.results.map(errorOf)
  const failed = errors.filter((error) => error !== null)
  if (failed.length === errors.length) throw allRefused(errors, pointer)
  await metadata.atLeast(answer.metadataVersion, limits.controlPlaneTimeoutMs)
  const results = answer.results.map(({ topicId, partition, row }, index) => ({
    topicId,
    partition,
    replicas: row?.replicas ?? [],
    addingReplicas: row?.addingReplicas ?? [],
    removingReplicas: row?.removingReplicas ?? [],
    ...problemMember(errors[index] ?? null, requestId),
  }))
  return { status: failed.length === 0 ? 200 : 207, body: { results, failed: failed.length } }
}

function problemMember(error: BusError | null, requestId: string) {
  return error === null ? {} : { problem: problemOf(error, requestId) }
}

function errorOf({ error, detail }: ReassignmentResult): BusError | null {
  return error === '' ? null : new BusError(isKnown(error) ? error : 'INTERNAL', detail)
}

function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code)
}

/** A caller can mend that many at a time. */
const VIOLATIONS_MAX = 20

function allRefused(errors: readonly (BusError | null)[], pointer: string): BusError {
  const violations = errors
    .slice(0, VIOLATIONS_MAX)
    .map((error, index) => ({ pointer: `${pointer}/${index}`, detail: error?.detail ?? '' }))
  const [gravest] = errors
    .filter((error) => error !== null)
    .toSorted((a, b) => b.facts.http - a.facts.http)
  const { code, detail } = gravest ?? new BusError('INTERNAL', 'Nothing was answered.')
  return new BusError(code, detail, { violations })
}
