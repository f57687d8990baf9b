import { type Finding, isTypeScript, type SourceFile } from './source-file.ts'

const FILE_LINES_MAX = 400
const LINE_LENGTH_MAX = 100

/**
 * Files of one concept stay small; the formatter breaks code lines, so what is longer is a comment.
 */
export function checkSizes(files: readonly SourceFile[]): Finding[] {
  return files
    .filter((file) => isTypeScript(file.path))
    .flatMap((file) => [...longFile(file), ...longComments(file)])
}

function longFile(file: SourceFile): Finding[] {
  const count = file.text.split('\n').length - 1
  if (count <= FILE_LINES_MAX) return []
  return [
    { path: file.path, line: 1, message: `${count} lines; a file has at most ${FILE_LINES_MAX}` },
  ]
}

function longComments(file: SourceFile): Finding[] {
  return file.text.split('\n').flatMap((text, index) => {
    const isComment = /^\s*(\/\/|\/?\*)/.test(text)
    if (!isComment || text.length <= LINE_LENGTH_MAX || text.includes('://')) return []
    return [
      {
        path: file.path,
        line: index + 1,
        message: `comment longer than ${LINE_LENGTH_MAX} columns`,
      },
    ]
  })
}
