/**
 * Completion for bash, made from the command line's own definition. Expects `npm run build` before.
 */
import { loadProgram } from './manual.mjs'

/** @param {string} root The checkout. */
export async function bashCompletion(root) {
  const { program } = await loadProgram(root)
  const commands = program.commands.map((command) => command.name())
  const cases = program.commands.map((command) => `    ${command.name()}) options="${optionsOf(command)}" ;;`)
  return `# Completion of mapgate for bash. Made by scripts/docs/completion.mjs; do not edit.
_mapgate() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} options=""
  case $previous in
    -c | --config | --token-file) COMPREPLY=($(compgen -f -- "$current")); return ;;
    mapgate | help) COMPREPLY=($(compgen -W "${commands.join(' ')} help --help --version" -- "$current")); return ;;
  esac
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$options" -- "$current"))
}
complete -F _mapgate mapgate
`
}

function optionsOf(command) {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap((option) => [option.short, option.long])
    .filter((flag) => flag !== undefined)
    .join(' ')
}
