import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { cleanEnvironment, ROOT } from './repository.ts'
import { type Ended, runProgram } from './run-program.ts'

/** What a user has beside the client, from what is installed here: nothing is downloaded. */
const FOLDERS = [
  'packages/client/dist',
  'node_modules/openapi-fetch',
  'node_modules/openapi-typescript-helpers',
  'node_modules/@opentelemetry/api',
]

/** A program's folder outside of the repository, with the client as npm installs it. */
export async function installPackedClient(folder: string): Promise<void> {
  const packs = join(folder, 'packs')
  await mkdir(packs)
  await npm('run', 'build', '--workspace', '@courant/client')
  const sources = FOLDERS.map((path) => join(ROOT, path))
  const packed = await npm(
    ...['pack', '--json', '--ignore-scripts', '--pack-destination', packs],
    ...sources,
  )
  const files = namesOf(packed).map((name) => join(packs, name))
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  await npm('install', '--offline', '--no-audit', '--no-fund', '--prefix', folder, ...files)
}

/** Of the tarballs, from what `npm pack --json` prints. */
function namesOf(printed: string): string[] {
  const packs = JSON.parse(printed) as Record<string, { readonly filename: string }>
  return Object.values(packs).map(({ filename }) => filename)
}

async function npm(...args: string[]): Promise<string> {
  const ended = await runProgram('npm', args, cleanEnvironment())
  if (ended.status !== 0) throw new Error(`npm ${args[0]}: ${ended.stdout}${ended.stderr}`)
  return ended.stdout
}

/** Types are checked against the declarations that were packed; JavaScript is written. */
export async function compile(folder: string, file: string): Promise<Ended> {
  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    noPropertyAccessFromIndexSignature: true,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules', '@types')],
  }
  const config = { compilerOptions, files: [file] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const { PATH = '', ...env } = cleanEnvironment()
  const withCompiler = [join(ROOT, 'node_modules', '.bin'), PATH].join(delimiter)
  return runProgram('tsc', ['-p', folder], { ...env, PATH: withCompiler })
}

/** The code blocks of a page as one program, in which what a block declares the next one uses. */
export async function programOf(page: string): Promise<string> {
  const text = await readFile(join(ROOT, page), 'utf8')
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, block = '']) => block).join('\n')
}
