/**
 * Writes docs/reference/cli.md from the commands themselves; with `--check` it only says whether
 * the file is what it would write.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { commandReference } from './command-reference.ts'

const path = `${import.meta.dirname}/../../../docs/reference/cli.md`
const text = commandReference()

if (!process.argv.includes('--check')) writeFileSync(path, text)
else if (read() !== text) {
  process.stderr.write('docs/reference/cli.md is out of date: run npm run generate\n')
  process.exitCode = 1
}

function read(): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
