import { BusError } from '@courant/kernel'

/**
 * Cursors name the last item of a page. They hold nothing but what that page showed, and they are
 * read inside the tenant of whoever sends them, so a foreign cursor finds nothing foreign. Encoded,
 * so that nobody builds one by hand and we may change what is in it.
 */
export function encodeCursor(last: string): string {
  return Buffer.from(last, 'utf8').toString('base64url')
}

/** Empty for the beginning. */
export function decodeCursor(cursor: string | undefined): string {
  if (cursor === undefined) return ''
  const decoded = Buffer.from(cursor, 'base64url').toString('utf8')
  if (encodeCursor(decoded) === cursor) return decoded
  throw foreignCursor()
}

/** The refusal of a cursor that no page has shown. */
export function foreignCursor(): BusError {
  const detail = 'This is not a cursor of ours; take nextCursor from the page before.'
  return new BusError('INVALID_ARGUMENT', detail, { violations: [{ pointer: '?cursor', detail }] })
}
