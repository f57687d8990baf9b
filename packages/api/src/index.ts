export { callUnary, REQUEST_ID, type UnaryCallOptions, type UnaryMethod } from './client-call.ts'
export { type Problem, problemOf } from './problem.ts'
export { type CallContext, type OnCallError, streamHandler, unaryHandler } from './server-call.ts'
export { errorOf, statusOf } from './status.ts'
