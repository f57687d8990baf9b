/** `docs/reference/errors.md`: the error table for people. */
import { type ErrorFacts, errorCodes } from '@courant/kernel'
import { adviceOn } from './error-advice.ts'
import { GENERATED } from './markdown.ts'
import { wrapped } from './wrap.ts'

export const ERRORS_INTRODUCTION = `Every failure is a problem (\`application/problem+json\`, RFC 9457) with a stable \`code\`. Two members
say what to do about it: \`retriable\` (the same request may succeed later) and \`applied\` (may it have
happened? A blind retry is free of duplicates only after \`no\`). gRPC carries the same code as the
\`reason\` of its \`ErrorInfo\`, the Kafka protocol the number below.`

export function errorsMarkdown(): string {
  const sections = Object.entries(errorCodes).map(
    ([code, facts]) =>
      `## ${code}\n\n${wrapped(`${facts.title}. ${adviceOn(facts)}`)}\n\n${numbersOf(facts)}`,
  )
  return [GENERATED, '# Error codes', ERRORS_INTRODUCTION, ...sections].join('\n\n').concat('\n')
}

/** How each of the three protocols writes the code, and its two facts. */
export function numbersOf({ http, grpc, kafka, retriable, applied }: ErrorFacts): string {
  const retry = retriable ? 'retriable' : 'final'
  return `HTTP ${http} · gRPC ${grpc} · Kafka ${kafka} · ${retry} · applied: ${applied}`
}
