import type { Api } from './api.ts'
import { writeRequestHeader } from './headers.ts'
import { WireWriter } from './wire-writer.ts'

/**
 * One request as the bytes of its frame, length prefix included: for those who send the same
 * request many times, as a load generator does. Everybody else uses a `BrokerConnection`.
 */
export function encodeRequestFrame<RequestInput>(
  api: Api<unknown, RequestInput, unknown, never>,
  header: { readonly apiVersion: number; readonly correlationId: number },
  body: RequestInput,
): Buffer {
  const writer = new WireWriter()
  writer.frame(() => {
    writeRequestHeader(writer, api, { ...header, clientId: null })
    api.encodeRequest(writer, header.apiVersion, body)
  })
  return Buffer.concat(writer.take())
}
