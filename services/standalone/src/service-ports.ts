import { Health, type ServicePorts } from '@courant/service-kit'

/**
 * The ports of one service in a process of three: its own health, which counts as one check of the
 * process, and its name in every line of the log. The names of metrics begin with the service's, so
 * one registry holds them all.
 */
export function portsOf(name: string, ports: ServicePorts): ServicePorts {
  const health = new Health()
  ports.health.add(name, () => {
    const missing = Object.values(health.readiness().checks).filter((text) => text !== 'ok')
    return missing.length === 0 ? null : missing.join(' ')
  })
  return { ...ports, health, log: ports.log.child({ service: name }) }
}
