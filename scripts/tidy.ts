/**
 * Taste as a test: the house rules that no linter knows. Prints findings, exits 1 if there are any.
 */
import { checkBannedCalls } from './tidy/banned-calls.ts'
import { checkDocuments } from './tidy/documents.ts'
import { checkErrorCodes } from './tidy/error-codes.ts'
import { checkLayers } from './tidy/layers.ts'
import { checkSizes } from './tidy/sizes.ts'
import { readSourceFiles } from './tidy/source-file.ts'

const files = readSourceFiles(`${import.meta.dirname}/..`)
const checks = [checkSizes, checkBannedCalls, checkLayers, checkDocuments, checkErrorCodes]
const findings = checks.flatMap((check) => check(files))
for (const { path, line, message } of findings) console.log(`${path}:${line} ${message}`)
console.log(`tidy: ${files.length} files, ${findings.length} findings`)
process.exitCode = findings.length === 0 ? 0 : 1
