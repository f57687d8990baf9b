import { limits } from '@courant/kernel'

/** One page of a list, and whether there is more behind it. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly more: boolean
}

/** How many items a caller gets who asks for `limit`; 0 asks for the default. */
export function pageSize(limit: number): number {
  if (limit <= 0) return limits.listLimitDefault
  return Math.min(limit, limits.listLimitMax)
}

/** From one row more than the page holds. */
export function pageOf<Item>(rows: readonly Item[], size: number): Page<Item> {
  return { items: rows.slice(0, size), more: rows.length > size }
}
