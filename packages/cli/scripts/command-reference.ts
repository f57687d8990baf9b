import type { Command } from 'commander'
import { createProgram, everyCommand } from '../src/index.ts'

/** Fixed, so that the page does not depend on who makes it. */
const WIDTH = 100

/** The page of every command: its help, as `--help` prints it. */
export function commandReference(): string {
  const program = createProgram()
  const leaves = everyCommand(program).filter(({ commands }) => commands.length === 0)
  return `# The courant command

Generated from the commands by \`npm run generate\`. In the repository it is run as \`npx courant\`.

| command | does |
|---|---|
${leaves.map((leaf) => `| [\`${nameOf(leaf)}\`](#${anchorOf(leaf)}) | ${leaf.summary()} |`).join('\n')}

\`\`\`text
${helpOf(program)}
\`\`\`
${leaves.map((leaf) => `\n## ${nameOf(leaf)}\n\n\`\`\`text\n${helpOf(leaf)}\n\`\`\`\n`).join('')}`
}

/** Without colours and at the width of the page. */
function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({
    writeOut: (part) => {
      text += part
    },
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return text.trim()
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

function anchorOf(command: Command): string {
  return nameOf(command).replaceAll(' ', '-')
}
