/** Limit: grpc-js that decodes the same commits, and answers that they count, out of nothing. */
import { GroupServiceService } from '@courant/api/internal/v1/group'
import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js'

const { beginPoll, commitOffsets } = GroupServiceService

type Handler<Method extends { requestDeserialize: (bytes: Buffer) => unknown }> = handleUnaryCall<
  ReturnType<Method['requestDeserialize']>,
  unknown
>

/** Returns the port. */
export async function start(): Promise<number> {
  const server = new Server()
  const begin: Handler<typeof beginPoll> = (_, answer) =>
    answer(null, {
      ...{ pollNumber: 1, memberEpoch: 1, assignment: [], revoked: [], idleReason: 0 },
    })
  const commit: Handler<typeof commitOffsets> = ({ request }, answer) => {
    const result = { errorCode: '', errors: [], alreadyCommitted: false }
    answer(null, { results: request.commits.map(() => result) })
  }
  server.addService({ beginPoll, commitOffsets }, { beginPoll: begin, commitOffsets: commit })
  return await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port)
      else reject(error)
    })
  })
}
