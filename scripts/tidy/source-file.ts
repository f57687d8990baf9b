import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * A text file that git tracks, or would track, with its path relative to the root of the
 * repository.
 */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** What a check found wrong, in the form that editors turn into a link. */
export interface Finding {
  readonly path: string
  /** 1-based; 1 where the finding is about the file as a whole. */
  readonly line: number
  readonly message: string
}

const TEXT =
  /\.(ts|mts|mjs|js|json|md|sql|proto|ya?ml|sh|html|css)$|(^|\/)(\.ci\/run|\.npmrc|Dockerfile)$/

export function readSourceFiles(root: string): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  const deleted = new Set(
    execFileSync('git', ['ls-files', '--deleted'], { cwd: root, encoding: 'utf8' }).split('\n'),
  )
  return listed
    .split('\n')
    .filter((path) => TEXT.test(path) && !deleted.has(path))
    .map((path) => ({ path, text: readFileSync(`${root}/${path}`, 'utf8') }))
}

function isGenerated(path: string): boolean {
  return /(^|\/)gen\/|^package-lock\.json$|^docs\/reference\/|\/openapi\.json$/.test(path)
}

export function isTypeScript(path: string): boolean {
  return path.endsWith('.ts') && !isGenerated(path)
}

/** Code that serves users, as opposed to tests, benchmarks and scripts. */
export function isProduction(path: string): boolean {
  return (
    isTypeScript(path) &&
    /^(packages|services)\/[^/]+\/src\//.test(path) &&
    !path.endsWith('.test.ts') &&
    !path.startsWith('packages/testkit/')
  )
}

/** Every line that matches, as findings. */
export function findLines(file: SourceFile, pattern: RegExp, message: string): Finding[] {
  return file.text
    .split('\n')
    .map((text, index) => ({ text, line: index + 1 }))
    .filter(({ text }) => pattern.test(text))
    .map(({ line }) => ({ path: file.path, line, message }))
}
