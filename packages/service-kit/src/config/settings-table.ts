import type { Setting } from './setting.ts'

/** The settings as a Markdown table for `docs/reference/configuration.md`. */
export function settingsTable(settings: Readonly<Record<string, Setting<unknown>>>): string {
  const rows = Object.values(settings).map((setting) => {
    const cells = [`\`${setting.name}\``, setting.kind.expects, defaultOf(setting), setting.doc]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return ['| variable | value | default | |', '|---|---|---|---|', ...rows].join('\n')
}

function defaultOf(setting: Setting<unknown>): string {
  if (setting.required) return '**required**'
  if (setting.defaultText === null || setting.defaultText === '') return 'none'
  return `\`${setting.defaultText}\``
}
