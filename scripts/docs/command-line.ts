/**
 * docs/command-line.md, made from the program itself, so that it cannot differ from the help.
 */
import type { Command } from 'commander'

const INTRODUCTION = `# Command line

<!-- Made from src/commands. To make it anew: npx vitest run --project unit test/unit/commands/program.test.ts -u -->

Every command prints this with \`--help\`.
`

/** The page for a program whose commands are all there. */
export function commandLinePage(program: Command): string {
  const commands = program.commands.filter((command) => command.name() !== 'help')
  return [
    INTRODUCTION,
    section('mapgate', program),
    ...commands.map((command) => section(`mapgate ${command.name()}`, command)),
  ].join('\n')
}

function section(title: string, command: Command): string {
  return `## ${title}\n\n\`\`\`text\n${fullHelp(command).trimEnd()}\n\`\`\`\n`
}

/** The help with what stands behind it: `helpInformation` alone leaves the examples out. */
function fullHelp(command: Command): string {
  let text = ''
  const before = command.configureOutput()
  command.configureOutput({
    ...before,
    writeOut: (part) => {
      text += part
    },
  })
  command.outputHelp()
  command.configureOutput(before)
  return text
}
