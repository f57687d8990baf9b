/**
 * Writes `docs/reference`, which is a function of the code: the route table, the error table, the
 * limits and the settings. With `--check` it touches nothing, names what differs and fails.
 */
import { readFileSync } from 'node:fs'
import { errorsMarkdown } from '../services/gateway/src/reference/errors-markdown.ts'
import { apiMarkdown } from '../services/gateway/src/reference/markdown.ts'
import { openApiDocument } from '../services/gateway/src/reference/openapi.ts'
import { allRoutes } from '../services/gateway/src/rest/all-routes.ts'
import { configurationMarkdown } from './reference/configuration.ts'
import { type GeneratedFile, staleFiles, writeFiles } from './reference/generated-file.ts'
import { limitsMarkdown } from './reference/limits.ts'

const root = `${import.meta.dirname}/..`
const limitsSource = readFileSync(`${root}/packages/kernel/src/limits.ts`, 'utf8')

const files: readonly GeneratedFile[] = [
  { name: 'openapi.json', text: `${JSON.stringify(openApiDocument(allRoutes), null, 2)}\n` },
  { name: 'api.md', text: apiMarkdown(allRoutes) },
  { name: 'errors.md', text: errorsMarkdown() },
  { name: 'limits.md', text: limitsMarkdown(limitsSource) },
  { name: 'configuration.md', text: configurationMarkdown() },
].map(({ name, text }) => ({ path: `docs/reference/${name}`, text }))

if (process.argv.includes('--check')) {
  const stale = staleFiles(root, files)
  for (const path of stale) console.error(`${path} is out of date: run npm run generate`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  for (const path of writeFiles(root, files)) console.log(`wrote ${path}`)
}
