#!/usr/bin/env node
// The command is TypeScript, which Node runs by itself from version 24 on. Under an older Node this
// file, in plain JavaScript, starts the Node that the workspace has pinned and gets out of the way.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NODE_MAJOR_MIN = 24

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  // Half of the start is the compiler's. Kept in the workspace, where nobody else can write.
  module.enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/courant'))
  const { main } = await import('../src/main.ts')
  await main(process.argv)
} else {
  const node = pinnedNode()
  if (node === null) {
    console.error(
      `courant needs Node ${NODE_MAJOR_MIN} or later, and this is ${process.version}. ` +
        'The repository brings one along: run npm ci in it once.',
    )
    process.exitCode = 1
  } else handOver(node)
}

/** Path of the executable of the npm package `node`, or null where it is not installed. */
function pinnedNode() {
  const executable = process.platform === 'win32' ? 'node.exe' : 'node'
  const require = module.createRequire(import.meta.url)
  const platform = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const names = ['node/package.json', `${platform}/package.json`]
  for (const name of names) {
    try {
      const path = join(dirname(require.resolve(name)), 'bin', executable)
      if (existsSync(path)) return path
    } catch {
      // Not installed under this name.
    }
  }
  return null
}

/** Runs this file again under `node`: with our streams, our signals, and its status as ours. */
function handOver(node) {
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const child = spawn(node, args, { stdio: 'inherit' })
  // What is typed at a terminal reaches the child from there; sent on, it would arrive twice.
  const isAtTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  process.on('SIGINT', () => isAtTerminal || child.kill('SIGINT'))
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`courant cannot start ${node}: ${error.message}`)
    process.exitCode = 1
  })
  child.on('exit', (status, signal) => {
    process.exit(signal === null ? status : 128 + constants.signals[signal])
  })
}
