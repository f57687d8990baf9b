import {
  type Finding,
  findLines,
  isProduction,
  isTypeScript,
  type SourceFile,
} from './source-file.ts'

interface Ban {
  readonly pattern: RegExp
  readonly message: string
  /** Adapters and entry points: the only places where the call belongs. */
  readonly allowed: RegExp
}

const ENTRY =
  /\/(main|cli)\.ts$|^packages\/(service-kit|cli|embedded-postgres)\/|^services\/standalone\//

const BANS: readonly Ban[] = [
  {
    pattern: /\bDate\.now\(|new Date\(\)/,
    message: 'use the Clock port',
    allowed: /^packages\/(kernel\/src\/clock|cli\/|service-kit\/)/,
  },
  {
    pattern: /\bperformance\.now\(/,
    message: 'use the Clock port',
    allowed: /^packages\/(kernel\/src\/clock|cli\/|service-kit\/)/,
  },
  {
    pattern: /\bMath\.random\(/,
    message: 'use the Random port',
    allowed: /^packages\/kernel\/src\/random\.ts$/,
  },
  {
    pattern: /\bset(Timeout|Interval)\(/,
    message: 'use the Clock port',
    allowed:
      /^packages\/(kernel\/src\/clock\.ts$|service-kit\/|cli\/|embedded-postgres\/)|^services\/standalone\//,
  },
  { pattern: /\bprocess\.env\b/, message: 'read configuration in main.ts', allowed: ENTRY },
  {
    pattern: /from 'node:(fs|fs\/promises)'/,
    message: 'use the Storage port',
    allowed:
      /^packages\/(log\/src\/disk\/node-storage|cli\/|embedded-postgres\/)|^services\/standalone\/|^services\/control-plane\/src\/migrations?\//,
  },
  {
    pattern: /from 'node:net'/,
    message: 'use the Network port',
    allowed: /^packages\/(service-kit|embedded-postgres)\/|^services\/standalone\//,
  },
  { pattern: /\bconsole\.(log|error|warn|info)\(/, message: 'use the logger', allowed: ENTRY },
]

const LEFTOVERS: readonly Omit<Ban, 'allowed'>[] = [
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, message: 'finish it or file it' },
  {
    pattern: /\b(it|test|describe)\.(only|skip|todo)\b|\.skipIf\(/,
    message: 'a test that does not run',
  },
  {
    pattern: /\bas any\b|\bas unknown as\b|@ts-(ignore|expect-error|nocheck)/,
    message: 'a silenced type error',
  },
  { pattern: /\bbiome-ignore\b(?!.*: \w)/, message: 'a silenced rule without its reason' },
]

/**
 * Time, chance, disk, network and configuration enter through ports, so that a seed can replace
 * them.
 */
export function checkBannedCalls(files: readonly SourceFile[]): Finding[] {
  return files.flatMap((file) => [
    ...(isProduction(file.path) ? bannedIn(file) : []),
    ...(isTypeScript(file.path) && !file.path.startsWith('scripts/tidy') ? leftoversIn(file) : []),
  ])
}

function bannedIn(file: SourceFile): Finding[] {
  return BANS.filter((ban) => !ban.allowed.test(file.path)).flatMap((ban) =>
    findLines(file, ban.pattern, ban.message),
  )
}

function leftoversIn(file: SourceFile): Finding[] {
  return LEFTOVERS.flatMap((ban) => findLines(file, ban.pattern, ban.message))
}
