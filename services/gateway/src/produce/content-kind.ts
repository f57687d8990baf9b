import type { IncomingHttpHeaders } from 'node:http'
import { BusError } from '@courant/kernel'

/** The four ways in which records come in. */
export type ContentKind = 'json' | 'ndjson' | 'cloudevent-binary' | 'cloudevent' | 'raw'

/**
 * Which way a request takes. A binary CloudEvent is known by its `ce-specversion`, because its
 * Content-Type is that of its data.
 */
export function contentKind(headers: IncomingHttpHeaders): ContentKind {
  const contentType = headers['content-type']
  // By far the most usual, and exactly what most clients send.
  if (headers['ce-specversion'] !== undefined) return 'cloudevent-binary'
  if (contentType === 'application/json') return 'json'
  const [mediaType = '', ...parameters] = (contentType ?? '').split(';')
  switch (mediaType.trim().toLowerCase()) {
    case 'application/json':
      requireUtf8(parameters)
      return 'json'
    case 'application/x-ndjson':
      requireUtf8(parameters)
      return 'ndjson'
    case 'application/cloudevents+json':
      requireUtf8(parameters)
      return 'cloudevent'
    case 'application/cloudevents-batch+json':
      throw new BusError(
        'NOT_IMPLEMENTED',
        'Batches of CloudEvents are not implemented yet; send events one by one, or as NDJSON.',
      )
    default:
      return 'raw'
  }
}

function requireUtf8(parameters: readonly string[]): void {
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=')
    if (name.trim().toLowerCase() !== 'charset') continue
    if (value.trim().replaceAll('"', '').toLowerCase() === 'utf-8') continue
    throw new BusError('UNSUPPORTED_MEDIA_TYPE', 'JSON is UTF-8; charset is utf-8 or absent.')
  }
}
