import { type ConsumeResponse, Delivery } from '@courant/api/v1/consumer_service'

const DELIVERY_TAG = 0x12
const RECORD_BATCHES_TAG = 0x12

/**
 * A delivery of stored batches that stay where they are. The generated decoder copies them, a
 * megabyte of fresh memory each: a load that does so measures itself. Null: some other response.
 */
export function deliveryView(message: Buffer): ConsumeResponse['response'] | null {
  if (message[0] !== DELIVERY_TAG) return null
  const body = afterVarint(message, 1)
  if (message[body] !== RECORD_BATCHES_TAG) return null
  const start = afterVarint(message, body + 1)
  const end = start + varint(message, body + 1)
  const recordBatches = message.subarray(start, end)
  return { $case: 'delivery', value: { ...Delivery.decode(message.subarray(end)), recordBatches } }
}

function afterVarint(bytes: Buffer, position: number): number {
  let end = position
  while ((bytes[end] ?? 0) > 0x7f) end += 1
  return end + 1
}

function varint(bytes: Buffer, position: number): number {
  let value = 0
  for (let index = afterVarint(bytes, position) - 1; index >= position; index--) {
    value = value * 128 + ((bytes[index] ?? 0) & 0x7f)
  }
  return value
}
