import { BusError, limits } from '@courant/kernel'

const CONTROL = /\p{Cc}/u

/** Throws INVALID_ARGUMENT for what cannot be the name of a tenant. */
export function checkTenantName(name: string): void {
  const detail = problemOf(name)
  if (detail === null) return
  throw new BusError('INVALID_ARGUMENT', detail, { violations: [{ pointer: '/name', detail }] })
}

function problemOf(name: string): string | null {
  const max = limits.tenantNameLengthMax
  if (name.length === 0 || name.length > max) return `A tenant's name has 1 to ${max} characters.`
  return CONTROL.test(name) ? "A tenant's name has no control characters." : null
}
