/** House rule for Markdown; tables and code have lines as long as they are. */
const COLUMNS_MAX = 118

/** Paragraphs with lines of a readable length. `code` and [links](…) are not broken. */
export function wrapped(text: string): string {
  return text.split('\n\n').map(wrapParagraph).join('\n\n')
}

function wrapParagraph(paragraph: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of paragraph.match(/(?:`[^`]*`|[^\s`])+/g) ?? []) {
    if (line !== '' && line.length + 1 + word.length > COLUMNS_MAX) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line].join('\n')
}
