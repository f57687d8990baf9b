import type { ChaosNetwork } from './chaos-network.ts'
import { NamespaceNetwork } from './namespace-network.ts'

export async function openNetwork(): Promise<ChaosNetwork> {
  const network = await NamespaceNetwork.open()
  if (network === null) throw new Error('network namespaces are not allowed here')
  return network
}
