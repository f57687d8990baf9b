import { errorCodes } from '../../packages/kernel/src/error-codes.ts'
import { type Finding, isProduction, type SourceFile } from './source-file.ts'

const TABLE = 'packages/kernel/src/error-codes.ts'
const PAGE = 'docs/reference/errors.md'

/**
 * Every error code is thrown somewhere and documented; a row that nobody uses is a promise unkept.
 */
export function checkErrorCodes(files: readonly SourceFile[]): Finding[] {
  const page = files.find((file) => file.path === PAGE)?.text ?? ''
  const production = files.filter((file) => isProduction(file.path) && file.path !== TABLE)
  return Object.keys(errorCodes).flatMap((code) => {
    const mention = new RegExp(`\\b${code}\\b`)
    const findings: Finding[] = []
    if (!production.some((file) => mention.test(file.text))) {
      findings.push({ path: TABLE, line: 1, message: `${code} is never used` })
    }
    if (!mention.test(page)) findings.push({ path: PAGE, line: 1, message: `${code} is missing` })
    return findings
  })
}
