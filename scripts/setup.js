/**
 * Before `npm start`, `npm test` and `npm run bench`: installs what package-lock.json names, once.
 *
 * Plain JavaScript, because this runs under whatever Node (18 or later) a machine happens to have;
 * the pinned Node that everything else needs is among the things it installs. When nothing has
 * changed it reads two files and ends.
 */
import { dirname, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { explainFailure, install, pinnedNodeProblem } from './setup/install.js'
import { findRunningInstance } from './setup/running-instance.js'
import { withSetupLock } from './setup/setup-lock.js'
import { isInstalled, markInstalled } from './setup/stamp.js'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

try {
  if (!isInstalled(root)) {
    const wasWaiting = () => say('Another process installs the dependencies here; waiting for it.')
    await withSetupLock(root, wasWaiting, async () => {
      if (!isInstalled(root)) await setUp()
    })
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}

async function setUp() {
  const instance = await findRunningInstance(root)
  if (instance !== null) {
    throw new Error(
      `The dependencies have changed, but Courant runs from this folder (pid ${instance.pid}, ` +
        `${instance.url}). Stop it, then try again.`,
    )
  }
  const result = await install(root)
  if (result.status !== 0) throw new Error(explainFailure(result.output))
  const problem = pinnedNodeProblem(root)
  if (problem !== null) throw new Error(problem)
  markInstalled(root)
}

function say(text) {
  process.stderr.write(`${text}\n`)
}
