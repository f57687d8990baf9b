/** Goal: all gateways sign with the same keys, which change daily and stay good for days. */
import { callUnary } from '@courant/api'
import { SigningKeyServiceClient } from '@courant/api/internal/v1/signing_key'
import { systemClock } from '@courant/kernel'
import { credentials } from '@grpc/grpc-js'
import { afterAll, afterEach, expect, it } from 'vitest'
import { cleanUp, connect, databases, onCleanUp, start } from './fixture.ts'

afterEach(cleanUp)
afterAll(() => databases.close())

async function gateway(url: string) {
  const { host, port } = (await start(url)).controlPlane.address
  const client = new SigningKeyServiceClient(`${host}:${port}`, credentials.createInsecure())
  onCleanUp(async () => client.close())
  const options = { timeoutMs: 10_000, clock: systemClock }
  return async () =>
    (await callUnary(client.listSigningKeys.bind(client), {}, options)).keys.map(
      ({ keyId, secret }) => ({ keyId, secret: secret.toString('hex') }),
    )
}

it('gateways that ask two control planes at once for the first key get the same one', async () => {
  const url = await databases.create()
  const [ask, askOther] = [await gateway(url), await gateway(url)]
  const [mine, theirs] = await Promise.all([ask(), askOther()])
  expect(mine).toHaveLength(1)
  expect(mine[0]?.secret).toMatch(/^[0-9a-f]{64}$/)
  expect(theirs).toEqual(mine)
})

it('a key of yesterday is replaced and stays good for two days more', async () => {
  const url = await databases.create()
  const ask = await gateway(url)
  const client = await connect(url)
  const age = (by: string) =>
    client.query(`UPDATE courant.signing_key SET created_at = created_at - interval '${by}'`)
  const [first] = await ask()
  await age('25 hours')
  const rotated = await ask()
  expect(rotated).toHaveLength(2)
  expect(rotated[1]).toEqual(first)
  await age('46 hours')
  expect(await ask()).toContainEqual(first)
  await age('2 hours')
  expect(await ask()).not.toContainEqual(first)
})
