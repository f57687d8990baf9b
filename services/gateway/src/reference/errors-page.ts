/** `/docs/errors`: where the `type` of a problem leads. */
import { errorCodes } from '@courant/kernel'
import type { Page } from '../rest/service/documents.ts'
import { adviceOn } from './error-advice.ts'
import { ERRORS_INTRODUCTION, numbersOf } from './errors-markdown.ts'
import { inline, pageOf, prose } from './html.ts'
import { STYLE } from './style.ts'

export function errorsPage(): Page {
  const codes = Object.entries(errorCodes)
  const links = codes.map(([code]) => `<li><a href="#${code}">${code}</a></li>`)
  const sections = codes.map(
    ([code, facts]) =>
      `<article id="${code}"><h3>${code}</h3><p>${inline(`${facts.title}. ${adviceOn(facts)}`)}</p>` +
      `<p class="quiet">${numbersOf(facts)}</p></article>`,
  )
  const body = `<div class="page">
<nav aria-label="Error codes"><strong>Courant</strong>
<p class="quiet"><a href="/docs">API reference</a></p><ul>${links.join('')}</ul></nav>
<main><h1>Error codes</h1>
${prose(ERRORS_INTRODUCTION)}
${sections.join('\n')}
</main></div>`
  return pageOf('Courant error codes', STYLE, body)
}
