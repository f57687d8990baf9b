/** `docs/reference/configuration.md`: the settings tables of the services, as they read them. */
import { type Setting, settingsTable } from '../../packages/service-kit/src/index.ts'
import { brokerSettings } from '../../services/broker/src/settings.ts'
import { controlPlaneSettings } from '../../services/control-plane/src/settings.ts'
import { GENERATED } from '../../services/gateway/src/reference/markdown.ts'
import { gatewaySettings } from '../../services/gateway/src/settings.ts'
import { clusterSettings } from '../../services/standalone/src/cluster/settings.ts'
import { standaloneSettings } from '../../services/standalone/src/settings.ts'

const INTRODUCTION = `Each service reads its environment once, at start. An empty variable counts as absent. When something
cannot be used, the process names every such variable, says what each may hold, and ends with status 2.
Nothing that is secret is ever printed.`

const SERVICES: ReadonlyArray<
  readonly [title: string, Readonly<Record<string, Setting<unknown>>>]
> = [
  ['All in one process (npm start)', standaloneSettings],
  ['A local cluster (npm run cluster)', clusterSettings],
  ['Gateway', gatewaySettings],
  ['Broker', brokerSettings],
  ['Control plane', controlPlaneSettings],
]

export function configurationMarkdown(): string {
  const sections = SERVICES.map(([title, settings]) => `## ${title}\n\n${settingsTable(settings)}`)
  return [GENERATED, '# Configuration', INTRODUCTION, ...sections].join('\n\n').concat('\n')
}
