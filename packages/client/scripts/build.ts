/**
 * Writes `dist`, the folder that is published (`npm publish packages/client/dist`): JavaScript and
 * declarations for Node 20 and browsers, with what is used of other packages of this repository, so
 * that it depends on nothing that is not on npm.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import manifest from '../package.json' with { type: 'json' }

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

/** Where the compiler puts what packages of this repository export. */
const MODULES: Readonly<Record<string, string>> = {
  '@courant/kernel/clock': 'kernel/src/clock.js',
  '@courant/kernel/random': 'kernel/src/random.js',
  '@courant/api/openapi': 'api/src/gen/openapi.js',
}

rmSync(dist, { recursive: true, force: true })
const shell = process.platform === 'win32'
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit', shell })
for (const file of globSync('**/*.{js,d.ts}', { cwd: dist })) makeImportsRelative(file)
cpSync(join(root, '..', '..', 'LICENSE'), join(dist, 'LICENSE'))
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(published(), null, 2)}\n`)

/** Of other packages, and in declarations, where the compiler leaves `.ts` as it is. */
function makeImportsRelative(file: string): void {
  const text = readFileSync(join(dist, file), 'utf8')
  const changed = text.replaceAll(/(?<= from )'([^']+)'/g, (quoted, name: string) => {
    if (name.startsWith('.')) return quoted.replace(/\.ts'$/, ".js'")
    if (!name.startsWith('@courant/')) return quoted
    const target = MODULES[name]
    if (target === undefined) throw new Error(`${file} imports ${name}, which is not in MODULES`)
    return `'${relative(dirname(file), target).replaceAll('\\', '/')}'`
  })
  writeFileSync(join(dist, file), changed)
}

function published(): object {
  const { name, version, license, type, dependencies } = manifest
  const [entry, types] = ['./client/src/index.js', './client/src/index.d.ts']
  return {
    name,
    version,
    description: 'Client of the event bus Courant: producer, reader and consumer groups',
    license,
    type,
    engines: { node: '>=20' },
    sideEffects: false,
    exports: { '.': { types, default: entry } },
    dependencies: { 'openapi-fetch': dependencies['openapi-fetch'] },
  }
}
