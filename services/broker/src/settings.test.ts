import { ConfigurationError, readEnvironment } from '@courant/service-kit'
import { describe, expect, it } from 'vitest'
import { advertisedAddress, brokerSettings, wholeBlocks } from './settings.ts'

const BOUND = { host: '0.0.0.0', port: 7_072 }

describe('the settings of a broker', () => {
  it('need a broker id, and have a default for everything else', () => {
    expect(() => readEnvironment(brokerSettings, {})).toThrow(/COURANT_BROKER_ID/)
    const config = readEnvironment(brokerSettings, { COURANT_BROKER_ID: '1' })
    expect(config.ringBytes).toBe(1024 ** 3)
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 7_072 })
  })

  it('advertise the address that was bound, unless another is given', () => {
    const listen = { host: '127.0.0.1', port: 0 }
    const bound = { host: '127.0.0.1', port: 40_000 }
    expect(advertisedAddress({ listen, advertised: null }, bound)).toEqual(bound)
    const advertised = { host: 'broker-1', port: 9 }
    expect(advertisedAddress({ listen, advertised }, bound)).toEqual(advertised)
  })

  it('ask for an advertised address where nobody can connect to the one listened on', () => {
    const advertise = () => advertisedAddress({ listen: BOUND, advertised: null }, BOUND)
    expect(advertise).toThrow(ConfigurationError)
    expect(advertise).toThrow(/COURANT_BROKER_ADVERTISED is needed/)
  })

  it('round the ring down to whole blocks', () => {
    expect(wholeBlocks(16 * 1024 * 1024 + 5)).toBe(16 * 1024 * 1024)
  })
})
