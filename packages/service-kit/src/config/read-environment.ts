import type { ConfigOf, Setting } from './setting.ts'

/** One variable that cannot be used. */
export interface SettingProblem {
  readonly name: string
  /** The whole sentence, with the value unless it is a secret. */
  readonly message: string
}

/**
 * Bad configuration. Carries all problems at once: nobody should have to fix them one start at a
 * time.
 */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly problems: readonly SettingProblem[]

  constructor(problems: readonly SettingProblem[]) {
    super(problems.map((problem) => problem.message).join('\n'))
    this.problems = problems
  }
}

/** Long values are cut: a misplaced file must not fill the terminal. */
const SHOWN_LENGTH_MAX = 80

/**
 * Reads every setting from the environment, or throws a ConfigurationError that names all that is
 * wrong.
 */
export function readEnvironment<Settings extends Readonly<Record<string, Setting<unknown>>>>(
  settings: Settings,
  environment: Readonly<Record<string, string | undefined>>,
): ConfigOf<Settings> {
  const problems: SettingProblem[] = []
  const config: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries(settings)) {
    const given = environment[setting.name] ?? ''
    const problem = problemOf(setting, given)
    if (problem !== null) problems.push({ name: setting.name, message: problem })
    else config[key] = given === '' ? setting.absent() : setting.parse(given)
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
  return config as ConfigOf<Settings>
}

function problemOf(setting: Setting<unknown>, given: string): string | null {
  if (given === '') {
    return setting.required
      ? `${setting.name} is required: ${setting.kind.expects}. ${setting.doc}`
      : null
  }
  if (setting.parse(given) !== null) return null
  const shown = setting.kind.secret ? 'a value that is not shown' : shownText(given)
  return `${setting.name} is ${shown}, but must be ${setting.kind.expects}.`
}

function shownText(given: string): string {
  const cut = given.length > SHOWN_LENGTH_MAX ? `${given.slice(0, SHOWN_LENGTH_MAX)}…` : given
  return JSON.stringify(cut)
}
