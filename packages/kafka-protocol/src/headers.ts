import type { AnyApi } from './api.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

const API_VERSIONS_KEY = 18

/**
 * ```
 * Request Header v1 => api_key api_version correlation_id client_id
 * Request Header v2 => v1 and tagged fields (flexible versions; client_id stays a classic string)
 * ```
 * v0 (without client_id) belongs to a request of brokers long gone from Kafka.
 */
export function writeRequestHeader(
  writer: WireWriter,
  api: AnyApi,
  header: { apiVersion: number; correlationId: number; clientId: string | null },
): void {
  writer.int16(api.key)
  writer.int16(header.apiVersion)
  writer.int32(header.correlationId)
  writer.nullableString(header.clientId)
  if (header.apiVersion >= api.flexibleSince) writer.unsignedVarint(0)
}

/** What follows the correlation id, once it is known that API and version are supported. */
export function readClientId(reader: WireReader, api: AnyApi, apiVersion: number): string | null {
  const clientId = reader.nullableString()
  if (apiVersion >= api.flexibleSince) reader.skipTaggedFields()
  return clientId
}

/**
 * ```
 * Response Header v0 => correlation_id
 * Response Header v1 => v0 and tagged fields (flexible versions, except ApiVersions: its reader
 *                       does not know yet which versions the server speaks)
 * ```
 */
export function writeResponseHeader(
  writer: WireWriter,
  api: AnyApi,
  apiVersion: number,
  correlationId: number,
): void {
  writer.int32(correlationId)
  if (hasTaggedResponseHeader(api, apiVersion)) writer.unsignedVarint(0)
}

/** What follows the correlation id, which the caller has read to find the request. */
export function skipResponseHeaderRest(reader: WireReader, api: AnyApi, apiVersion: number): void {
  if (hasTaggedResponseHeader(api, apiVersion)) reader.skipTaggedFields()
}

function hasTaggedResponseHeader(api: AnyApi, apiVersion: number): boolean {
  return apiVersion >= api.flexibleSince && api.key !== API_VERSIONS_KEY
}
