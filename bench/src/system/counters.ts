/** Sums a counter of a service over its labels, from what it shows at its admin port. */
export async function readCounter(adminPort: number, name: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/metrics`)
  const lines = (await response.text()).split('\n')
  const samples = lines.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  if (samples.length === 0) throw new Error(`${name} is no metric of the service`)
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}
