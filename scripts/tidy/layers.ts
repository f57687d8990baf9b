import { type Finding, isProduction, type SourceFile } from './source-file.ts'

/**
 * Who may import whom: the picture in docs/ARCHITECTURE.md. `turbo boundaries` checks the declared
 * dependencies by tag; this checks each import of production code by name.
 */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  'record-batch': ['kernel'],
  'kafka-protocol': ['kernel'],
  log: ['kernel', 'record-batch'],
  replication: ['kernel'],
  group: ['kernel'],
  api: ['kernel'],
  'service-kit': ['kernel'],
  'embedded-postgres': ['kernel'],
  metadata: ['kernel', 'api'],
  client: ['kernel', 'api'],
  cli: ['kernel', 'api', 'record-batch'],
  gateway: ['kernel', 'record-batch', 'kafka-protocol', 'group', 'api', 'metadata', 'service-kit'],
  broker: [
    'kernel',
    'record-batch',
    'kafka-protocol',
    'log',
    'replication',
    'api',
    'metadata',
    'service-kit',
  ],
  'control-plane': ['kernel', 'kafka-protocol', 'group', 'api', 'service-kit'],
  standalone: [
    'kernel',
    'api',
    'service-kit',
    'embedded-postgres',
    'gateway',
    'broker',
    'control-plane',
  ],
}

const IMPORT = /from '(?:@courant\/([a-z-]+)[^']*|(\.[^']*))'/g

export function checkLayers(files: readonly SourceFile[]): Finding[] {
  return files.filter((file) => isProduction(file.path)).flatMap(importsAgainstTheArrows)
}

function importsAgainstTheArrows(file: SourceFile): Finding[] {
  const owner = file.path.split('/')[1] ?? ''
  const allowed = LAYERS[owner]
  if (allowed === undefined) {
    return [
      { path: file.path, line: 1, message: `package ${owner} is not in scripts/tidy/layers.ts` },
    ]
  }
  return [...file.text.matchAll(IMPORT)].flatMap((match) => {
    const [, imported, relative] = match
    const line = file.text.slice(0, match.index).split('\n').length
    if (imported !== undefined && !allowed.includes(imported)) {
      return [{ path: file.path, line, message: `${owner} may not import ${imported}` }]
    }
    if (relative !== undefined && escapes(file.path, relative)) {
      return [{ path: file.path, line, message: 'a relative import leaves the package' }]
    }
    return []
  })
}

function escapes(path: string, relative: string): boolean {
  const depth = path.split('/').length - 3
  return (relative.match(/\.\.\//g) ?? []).length >= depth
}
