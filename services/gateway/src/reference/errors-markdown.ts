/** `docs/reference/errors.md`: the error table for people. */
import { errorCodes } from '@courant/kernel'
import { GENERATED } from './markdown.ts'

export const ERRORS_INTRODUCTION = `Every failure is a problem (\`application/problem+json\`, RFC 9457) with a stable \`code\`. Two members
say what to do about it: \`retriable\` (the same request may succeed later) and \`applied\` (may it have
happened? A blind retry is free of duplicates only after \`no\`). gRPC carries the same code as the
\`reason\` of its \`ErrorInfo\`, the Kafka protocol the number below.`

export function errorsMarkdown(): string {
  const sections = Object.entries(errorCodes).map(
    ([code, { title, http, grpc, kafka, retriable, applied }]) =>
      `## ${code}\n\n${title}.\n\n` +
      `HTTP ${http} · gRPC ${grpc} · Kafka ${kafka} · ` +
      `${retriable ? 'retriable' : 'final'} · applied: ${applied}`,
  )
  return [GENERATED, '# Error codes', ERRORS_INTRODUCTION, ...sections].join('\n\n').concat('\n')
}
