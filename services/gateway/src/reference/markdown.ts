/** `docs/reference/api.md`: the reference for whoever reads the repository. */
import { type ErrorCode, errorCodes } from '@courant/kernel'
import type { Content, RouteDescription } from '../rest/route.ts'
import { errorsOf } from '../rest/route-errors.ts'
import { ACCESS } from './access.ts'
import { curlLine } from './curl.ts'
import { type Components, toJsonSchema } from './json-schema.ts'
import { DESCRIPTION } from './openapi.ts'
import { type SchemaRow, schemaRows } from './schema-rows.ts'
import { wrapped } from './wrap.ts'

/** First line of every generated page. */
export const GENERATED = '<!-- Generated from the code by `npm run generate`; do not edit. -->'

export function apiMarkdown(routes: readonly RouteDescription[]): string {
  const tags = [...new Set(routes.map((route) => route.tag))]
  const sections = tags.flatMap((tag) => [
    `## ${tag}`,
    ...routes.filter((route) => route.tag === tag).map(routeMarkdown),
  ])
  return [GENERATED, '# API reference', DESCRIPTION, overview(routes), ...sections]
    .join('\n\n')
    .concat('\n')
}

function overview(routes: readonly RouteDescription[]): string {
  const rows = routes.map(
    ({ method, path, summary }) => `| \`${method} ${path}\` | [${summary}](#${anchor(summary)}) |`,
  )
  return ['| route | |', '|---|---|', ...rows].join('\n')
}

/** As GitHub makes it of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}

function routeMarkdown(route: RouteDescription): string {
  const parts = [
    `### ${route.summary}`,
    `\`${route.method} ${route.path}\` · ${ACCESS[route.access]}`,
    wrapped(route.description),
    `\`\`\`sh\n${curlLine(route)}\n\`\`\``,
    ...parameters(route),
    ...Object.entries(route.body ?? {}).map(([type, content]) => bodyMarkdown(type, content)),
    ...Object.entries(route.responses).map(([status, { description, content }]) =>
      responseMarkdown(status, description, content),
    ),
    wrapped(`Errors: ${errorsOf(route).map(errorLink).join(', ')}.`),
  ]
  return parts.join('\n\n')
}

function parameters(route: RouteDescription): string[] {
  const rows = [route.params, route.query].flatMap((schema) =>
    schema === undefined ? [] : schemaRows(toJsonSchema(schema, {}), {}),
  )
  return rows.length === 0 ? [] : [table('parameter', rows)]
}

function bodyMarkdown(type: string, { schema }: Content): string {
  const components: Components = {}
  const rows = schemaRows(toJsonSchema(schema, components), components)
  const name = type === '*' ? 'any other type' : `\`${type}\``
  return rows.length === 0 ? `Body, ${name}.` : `Body, ${name}:\n\n${table('member', rows)}`
}

function responseMarkdown(
  status: string,
  description: string,
  content: Readonly<Record<string, Content>> | undefined,
): string {
  const [first] = Object.entries(content ?? {})
  if (first === undefined) return `**${status}** ${description}`
  const [type, { example }] = first
  const text = typeof example === 'string' ? example : JSON.stringify(example, null, 2)
  return `**${status}** ${description}\n\n\`\`\`${type.includes('json') ? 'json' : ''}\n${text}\n\`\`\``
}

function errorLink(code: ErrorCode): string {
  return `[${code}](errors.md#${code.toLowerCase()}) (${errorCodes[code].http})`
}

function table(heading: string, rows: readonly SchemaRow[]): string {
  const lines = rows.map(({ name, type, required, description }) => {
    const cells = [`\`${name}\``, type, required ? 'yes' : '', description]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return [`| ${heading} | type | required | |`, '|---|---|---|---|', ...lines].join('\n')
}
