/** The lines of a body, a list for each piece that arrives. */
export async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder()
  let begun = ''
  for await (const piece of body) {
    const complete = (begun + decoder.decode(piece, { stream: true })).split('\n')
    begun = complete.pop() ?? ''
    yield complete
  }
  if (begun !== '') yield [begun]
}
