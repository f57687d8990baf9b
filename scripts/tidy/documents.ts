import type { Finding, SourceFile } from './source-file.ts'

/** Markdown: one title a file, links that lead somewhere, decisions numbered without a gap. */
export function checkDocuments(files: readonly SourceFile[]): Finding[] {
  const paths = new Set(files.map((file) => file.path))
  const documents = files.filter((file) => file.path.endsWith('.md'))
  return [
    ...documents.flatMap(titles),
    ...documents.flatMap((file) => deadLinks(file, paths)),
    ...decisionNumbers(files),
  ]
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, (block) => block.replaceAll(/[^\n]/g, ''))
}

function titles(file: SourceFile): Finding[] {
  const count = (withoutCode(file.text).match(/^# /gm) ?? []).length
  return count === 1
    ? []
    : [{ path: file.path, line: 1, message: `${count} titles; a page has one` }]
}

function deadLinks(file: SourceFile, paths: ReadonlySet<string>): Finding[] {
  const text = withoutCode(file.text)
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].flatMap((match) => {
    const target = match[1] ?? ''
    if (/^[a-z]+:/.test(target)) return []
    const resolved = new URL(target, `file:///${file.path}`).pathname.slice(1).replace(/\/$/, '')
    const exists = paths.has(resolved) || [...paths].some((path) => path.startsWith(`${resolved}/`))
    if (exists || resolved === 'LICENSE') return []
    const line = text.slice(0, match.index).split('\n').length
    return [{ path: file.path, line, message: `the link to ${target} leads nowhere` }]
  })
}

function decisionNumbers(files: readonly SourceFile[]): Finding[] {
  const decisions = files
    .filter((file) => /^docs\/adr\/\d{4}-/.test(file.path))
    .sort((a, b) => a.path.localeCompare(b.path))
  return decisions.flatMap((file, index) => {
    const expected = String(index + 1).padStart(4, '0')
    if (file.path.startsWith(`docs/adr/${expected}-`)) return []
    return [{ path: file.path, line: 1, message: `expected decision ${expected} here` }]
  })
}
