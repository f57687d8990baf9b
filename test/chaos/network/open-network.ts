import type { ChaosNetwork } from './chaos-network.ts'
import { NamespaceNetwork } from './namespace-network.ts'
import { ProxyNetwork } from './proxy-network.ts'

/** `auto`: namespaces where the kernel and the user allow it. */
export type NetworkChoice = 'auto' | 'proxies'

export async function openNetwork(choice: NetworkChoice): Promise<ChaosNetwork> {
  const namespaces = choice === 'auto' ? await NamespaceNetwork.open() : null
  return namespaces ?? new ProxyNetwork()
}
