/**
 * Goal: replicas of a partition share as little as possible, and the brokers of a topic the load.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PlacementBroker, placeReplacement, placeReplicas } from './place-replicas.ts'

const seed = fc.nat()

/** Brokers on some hosts, hosts in some racks. */
const brokers = fc
  .array(fc.record({ host: fc.nat(5), rack: fc.nat(3) }), { minLength: 1, maxLength: 12 })
  .map((places): PlacementBroker[] =>
    places.map(({ host, rack }, index) => ({
      brokerId: index * 3 + 1,
      host: `rack-${rack}-host-${host}`,
      rack: `rack-${rack}`,
    })),
  )

const request = brokers.chain((of) =>
  fc.record({
    brokers: fc.constant(of),
    partitions: fc.integer({ min: 1, max: 24 }),
    replicationFactor: fc.integer({ min: 1, max: of.length }),
    seed,
  }),
)

function distinct<Value>(values: readonly Value[]): number {
  return new Set(values).size
}

function spread(counts: readonly number[]): number {
  return Math.max(...counts) - Math.min(...counts)
}

function countsOf(of: readonly PlacementBroker[], places: readonly number[]): number[] {
  return of.map(({ brokerId }) => places.filter((place) => place === brokerId).length)
}

describe('replicas', () => {
  it('of a partition are on different brokers, and on as many hosts as there can be', () => {
    fc.assert(
      fc.property(request, (given) => {
        const byId = new Map(given.brokers.map((broker) => [broker.brokerId, broker]))
        const hosts = distinct(given.brokers.map(({ host }) => host))
        const placed = placeReplicas(given)
        expect(placed).toHaveLength(given.partitions)
        for (const replicas of placed) {
          expect(distinct(replicas)).toBe(given.replicationFactor)
          const used = replicas.map((id) => byId.get(id)?.host)
          expect(distinct(used)).toBe(Math.min(hosts, given.replicationFactor))
        }
      }),
    )
  })

  it('are in as many racks as there can be, once every broker has a host of its own', () => {
    fc.assert(
      fc.property(request, (given) => {
        const alone = given.brokers.map((broker) => ({ ...broker, host: `${broker.brokerId}` }))
        const byId = new Map(alone.map((broker) => [broker.brokerId, broker]))
        const racks = distinct(alone.map(({ rack }) => rack))
        for (const replicas of placeReplicas({ ...given, brokers: alone })) {
          const used = replicas.map((id) => byId.get(id)?.rack)
          expect(distinct(used)).toBe(Math.min(racks, given.replicationFactor))
        }
      }),
    )
  })

  it('are even among brokers that share nothing, and so are the leaders', () => {
    fc.assert(
      fc.property(request, (given) => {
        const alone = given.brokers.map(({ brokerId }) => ({
          brokerId,
          host: `${brokerId}`,
          rack: `${brokerId}`,
        }))
        const placed = placeReplicas({ ...given, brokers: alone })
        expect(spread(countsOf(alone, placed.flat()))).toBeLessThanOrEqual(1)
        const leaders = placed.map(([leader]) => leader ?? -1)
        expect(spread(countsOf(alone, leaders))).toBeLessThanOrEqual(2)
      }),
    )
  })

  it('of partitions that are added even out those that are there', () => {
    fc.assert(
      fc.property(request, fc.integer({ min: 1, max: 12 }), (given, more) => {
        const alone = given.brokers.map((broker) => ({
          ...broker,
          host: `${broker.brokerId}`,
          rack: '',
        }))
        const first = placeReplicas({ ...given, brokers: alone })
        const rest = placeReplicas({ ...given, brokers: alone, partitions: more, existing: first })
        const all = [...first, ...rest].flat()
        expect(spread(countsOf(alone, all))).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('are the same for the same seed, in whatever order the brokers are given', () => {
    fc.assert(
      fc.property(request, (given) => {
        const reversed = { ...given, brokers: [...given.brokers].reverse() }
        expect(placeReplicas(given)).toEqual(placeReplicas(reversed))
      }),
    )
  })

  it('of many topics of one partition use every broker', () => {
    const of = [1, 2, 3, 4, 5].map((brokerId) => ({ brokerId, host: `${brokerId}`, rack: '' }))
    const used = Array.from({ length: 200 }, (_, topic) =>
      placeReplicas({ brokers: of, partitions: 1, replicationFactor: 1, seed: topic }),
    )
    expect(distinct(used.flat(2))).toBe(5)
  })
})

describe('a replica that leaves', () => {
  const at = (brokerId: number, host: string, rack: string, replicas = 0) => ({
    brokerId,
    host,
    rack,
    replicas,
  })
  const staying = [at(1, 'a', 'x'), at(2, 'b', 'y')]

  it('is replaced on another host before another rack, and there by the emptiest', () => {
    const sameHost = at(3, 'a', 'z')
    const sameRack = at(4, 'c', 'x')
    const full = at(5, 'd', 'z', 9)
    const empty = at(6, 'e', 'z', 3)
    const best = (...candidates: ReturnType<typeof at>[]) =>
      placeReplacement({ candidates, staying })
    expect(best(sameHost, sameRack, full, empty)).toBe(6)
    expect(best(sameHost, sameRack, full)).toBe(5)
    expect(best(sameHost, sameRack)).toBe(4)
  })

  it('is replaced by nobody who has a replica already', () => {
    expect(placeReplacement({ candidates: staying, staying })).toBeNull()
  })
})
