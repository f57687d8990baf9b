/** An event as people send it: a JSON object of 100 bytes. */
function event(index: number): object {
  const fixed = { orderId: 100_000 + index, customer: `cust-${1000 + (index % 9000)}`, total: 4200 }
  const used = JSON.stringify({ ...fixed, note: '' }).length
  return { ...fixed, note: 'n'.repeat(100 - used) }
}

/** The JSON body that produces `count` records of 100 bytes. */
export function produceBody(count: number): string {
  const records = Array.from({ length: count }, (_, index) => ({ value: event(index) }))
  return JSON.stringify({ records })
}

/** The same records as a fetch answers them. */
export function fetchedRecords(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({
    offset: index,
    timestamp: 1_764_000_000_000 + index,
    key: null,
    value: event(index),
    headers: [],
  }))
}
