/** `/docs`: the reference for whoever has a gateway and a browser. */
import { errorCodes } from '@courant/kernel'
import type { Content, RouteDescription } from '../rest/route.ts'
import { errorsOf } from '../rest/route-errors.ts'
import type { Page } from '../rest/service/documents.ts'
import { ACCESS } from './access.ts'
import { curlLine } from './curl.ts'
import { escapeHtml, inline, pageOf, prose } from './html.ts'
import { type Components, toJsonSchema } from './json-schema.ts'
import { DESCRIPTION } from './openapi.ts'
import { type SchemaRow, schemaRows } from './schema-rows.ts'
import { STYLE } from './style.ts'

export function referencePage(routes: readonly RouteDescription[]): Page {
  const tags = [...new Set(routes.map((route) => route.tag))]
  const groups = tags.map((tag) => ({ tag, routes: routes.filter((route) => route.tag === tag) }))
  const links = groups.map(({ tag, routes: ofTag }) => {
    const items = ofTag.map(
      ({ operationId, summary }) => `<li><a href="#${operationId}">${escapeHtml(summary)}</a></li>`,
    )
    return `<h2>${escapeHtml(tag)}</h2><ul>${items.join('')}</ul>`
  })
  const sections = groups.map(
    ({ tag, routes: ofTag }) => `<h2>${escapeHtml(tag)}</h2>${ofTag.map(article).join('\n')}`,
  )
  const body = `<div class="page">
<nav aria-label="Routes"><strong>Courant</strong>
<p class="quiet"><a href="/openapi.json">OpenAPI 3.1</a> · <a href="/docs/errors">Error codes</a></p>
${links.join('\n')}</nav>
<main><h1>API reference</h1>
${prose(DESCRIPTION)}
${sections.join('\n')}
</main></div>`
  return pageOf('Courant API reference', STYLE, body)
}

function article(route: RouteDescription): string {
  const { method, operationId, path, summary, description, access } = route
  return `<article id="${operationId}"><h3>${escapeHtml(summary)}</h3>
<p class="line"><span class="badge ${method.toLowerCase()}">${method}</span>
<code>${escapeHtml(path)}</code><span class="quiet">${ACCESS[access]}</span></p>
${prose(description)}
${block(curlLine(route))}
${parameters(route)}
${Object.entries(route.body ?? {})
  .map(([type, content]) => body(type, content))
  .join('\n')}
<h4>Answers</h4>
${Object.entries(route.responses)
  .map(([status, answer]) => response(status, answer.description, answer.content))
  .join('\n')}
<p class="quiet">Errors: ${errorLinks(route)}</p></article>`
}

function parameters(route: RouteDescription): string {
  const rows = [route.params, route.query].flatMap((schema) =>
    schema === undefined ? [] : schemaRows(toJsonSchema(schema, {}), {}),
  )
  return rows.length === 0 ? '' : `<h4>Parameters</h4>${table(rows)}`
}

function body(type: string, { schema }: Content): string {
  const components: Components = {}
  const rows = schemaRows(toJsonSchema(schema, components), components)
  const name = type === '*' ? 'any other type' : `<code>${escapeHtml(type)}</code>`
  return `<h4>Body, ${name}</h4>${rows.length === 0 ? '' : table(rows)}`
}

/** Folded together: a page that shows every example at once cannot be found one's way in. */
function response(status: string, description: string, content: ContentByType | undefined): string {
  const line = `<span class="status">${status}</span>${inline(description)}`
  const examples = Object.entries(content ?? {})
  if (examples.length === 0) return `<p>${line}</p>`
  const shown = examples.map(([type, { example }]) => {
    const text = typeof example === 'string' ? example : JSON.stringify(example, null, 2)
    return `<p class="quiet">${escapeHtml(type)}</p>${block(text)}`
  })
  return `<details><summary>${line}</summary>${shown.join('')}</details>`
}

type ContentByType = Readonly<Record<string, Content>>

function errorLinks(route: RouteDescription): string {
  const links = errorsOf(route).map((code) => {
    return `<a href="/docs/errors#${code}">${code}</a> (${errorCodes[code].http})`
  })
  return links.join(', ')
}

function table(rows: readonly SchemaRow[]): string {
  const lines = rows.map(({ name, type, required, description }) => {
    const need = required ? 'yes' : ''
    return (
      `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(type)}</td>` +
      `<td>${need}</td><td>${inline(description)}</td></tr>`
    )
  })
  const head = '<tr><th>name</th><th>type</th><th>required</th><th></th></tr>'
  return `<div class="wide"><table><thead>${head}</thead><tbody>${lines.join('')}</tbody></table></div>`
}

function block(text: string): string {
  return `<pre><code>${escapeHtml(text)}</code></pre>`
}
