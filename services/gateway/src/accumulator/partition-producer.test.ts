import { expect, it } from 'vitest'
import { GivenIds } from '../../test/accumulator/answered-by-hand.ts'
import { PartitionProducer } from './partition-producer.ts'

it('begins anew behind the largest sequence, as Kafka does', () => {
  const producer = new PartitionProducer(new GivenIds(7))
  producer.advance(2 ** 31 - 2)
  expect(producer.stamp()?.baseSequence).toBe(2 ** 31 - 2)
  producer.advance(5)
  expect(producer.stamp()?.baseSequence).toBe(3)
})

it('takes a new id behind the largest epoch, one that nobody used for the partition', () => {
  const ids = new GivenIds(7)
  const [one, other] = [new PartitionProducer(ids), new PartitionProducer(ids)]
  other.stamp()
  for (let epoch = 0; epoch < 32_767; epoch += 1) {
    one.advance(1)
    expect(one.stamp()?.producerEpoch).toBe(epoch)
    one.raiseEpoch()
  }
  expect(one.stamp()).toEqual({ producerId: 7, producerEpoch: 32_767, baseSequence: 0 })
  one.raiseEpoch()
  expect(one.stamp()).toBeNull()
  ids.give()
  expect(one.stamp()).toEqual({ producerId: 8, producerEpoch: 0, baseSequence: 0 })
  expect(other.stamp()?.producerId).toBe(7)
  other.takeNewId()
  expect(other.stamp()?.producerId).toBe(8)
})
