/**
 * Gives the memory of a buffer back now. The collector sees the hundred bytes of the object and
 * waits for more; what lies outside its heap meanwhile adds up to its limit, and then it walks the
 * whole heap, a few times a second in a broker that reads 80 MB/s.
 *
 * Nobody may look at the memory any more: every view of it becomes empty. Less than half of a
 * memory is left to the collector: Node's pool shares some out, and never more than that to one.
 */
export function giveBack(buffer: Buffer): void {
  const memory = buffer.buffer
  if (memory instanceof ArrayBuffer && buffer.length * 2 > memory.byteLength) memory.transfer(0)
}
