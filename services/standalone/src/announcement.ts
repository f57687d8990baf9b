import { relative } from 'node:path'
import { createColors } from 'picocolors'
import { type Credentials, credentialsPath } from './credentials-file.ts'

export interface AnnouncementOptions {
  readonly credentials: Credentials
  readonly dataDirectory: string
  readonly seconds: number
  readonly colour: 'on' | 'off'
}

/** What `npm start` prints once it serves. The only place where a key is ever printed. */
export function announcement(options: AnnouncementOptions): string {
  const { credentials, dataDirectory, seconds, colour } = options
  const { bold, cyan, dim, green } = createColors(colour === 'on')
  const file = credentialsPath(relative(process.cwd(), dataDirectory) || '.')
  const [create, produce, fetch] = curlLines(credentials)
  return `
${green('Courant is ready')} ${dim(`after ${seconds.toFixed(1)} s`)}

  ${dim('URL')}      ${bold(credentials.url)}
  ${dim('gRPC')}     ${credentials.grpc}
  ${dim('docs')}     ${credentials.url}/docs
  ${dim('tenant')}   ${credentials.tenant}
  ${dim('API key')}  ${credentials.apiKey}
  ${dim('also in')}  ${file}

${dim('Make a topic, produce two records, and read them:')}

${cyan(create)}

${cyan(produce)}

${cyan(fetch)}

${dim('Ctrl-C stops it.')}

`
}

/**
 * Create a topic, produce to it, fetch from it: each on one line, to be pasted, again and again.
 */
function curlLines({ url, apiKey }: Credentials): readonly [string, string, string] {
  const authorization = `-H 'Authorization: Bearer ${apiKey}'`
  const json = "-H 'Content-Type: application/json'"
  const topic = '{"name":"hello","partitions":1}'
  const records =
    '{"records":[{"key":"ada","value":{"says":"hello"}},{"key":"grace","value":{"says":"hi"}}]}'
  return [
    `curl ${authorization} ${json} -d '${topic}' ${url}/v1/topics`,
    `curl ${authorization} ${json} -d '${records}' ${url}/v1/topics/hello/records`,
    `curl ${authorization} '${url}/v1/topics/hello/partitions/0/records?from=earliest'`,
  ]
}
