/** Runs `npm ci` with the npm that runs us, quietly, and explains what may go wrong with it. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

/**
 * Development dependencies whatever NODE_ENV says: the pinned Node is one. The level hides warnings
 * about the Node that runs this install, which is not the one that will run the project.
 */
const CI = ['ci', '--include=dev', '--include=optional', '--loglevel=error', '--prefer-offline']
const QUIET = ['--no-audit', '--no-fund', '--no-progress']

const NETWORK =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED)\b|network/i

/** Of `npm ci`: its exit status and all that it printed. */
export async function install(root) {
  const progress = showProgress()
  const [file, ...args] = [...npmCommand(), ...CI, ...QUIET]
  const child = spawn(file, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && file === 'npm',
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  const status = await new Promise((resolve) => {
    child.once('error', (error) => {
      output += `${error.message}\n`
      resolve(1)
    })
    child.once('close', (code) => resolve(code ?? 1))
  })
  progress.end(status === 0)
  return { status, output }
}

/** What to tell a person whose install failed. */
export function explainFailure(output) {
  const hint = NETWORK.test(output)
    ? 'The npm registry cannot be reached. The first start needs it once: check the network, the ' +
      'proxy and `npm config get registry`, then try again.'
    : 'What npm said is above. `npm ci` in this folder shows it at length.'
  return `${output.trim()}\n\nThe dependencies could not be installed. ${hint}`
}

/** Null if the pinned Node is in place and runs; else what is wrong. */
export function pinnedNodeProblem(root) {
  const path = join(root, 'node_modules', 'node', 'bin', nodeName())
  if (!existsSync(path)) {
    return (
      'The pinned Node was not installed, because npm did not run install scripts. Allow them once ' +
      'with `npm ci --ignore-scripts=false` (`npm config get ignore-scripts` shows who forbids them).'
    )
  }
  const { status, error, stderr } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  if (status === 0) return null
  return `The pinned Node does not run on this machine: ${error?.message ?? stderr.trim()}`
}

function nodeName() {
  return process.platform === 'win32' ? 'node.exe' : 'node'
}

/** The npm that runs us; by hand (`node scripts/setup.js`) the one on the PATH. */
function npmCommand() {
  const { npm_execpath: npm, npm_node_execpath: node } = process.env
  return npm?.endsWith('.js') ? [node ?? process.execPath, npm] : ['npm']
}

/** One line that counts seconds on a terminal; elsewhere a line before and a line after. */
function showProgress() {
  const started = Date.now()
  const text = 'Installing dependencies (only when they changed)'
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`
  const { stderr } = process
  stderr.write(stderr.isTTY ? `${text} …` : `${text} …\n`)
  const timer = setInterval(() => {
    if (stderr.isTTY) stderr.write(`\r${text} … ${seconds()}`)
  }, 1_000)
  return {
    end(succeeded) {
      clearInterval(timer)
      const before = stderr.isTTY ? '\r' : ''
      stderr.write(`${before}${text} … ${succeeded ? 'done' : 'failed'} after ${seconds()}\n`)
    },
  }
}
