/**
 * Completion for bash, made from the command line's own definition. Expects `npm run build` before.
 */
import { loadProgram } from './manual.mjs'

/** @param {string} root The checkout. */
export async function bashCompletion(root) {
  const { program } = await loadProgram(root)
  const commands = program.commands.map((command) => command.name())
  const cases = program.commands.map(
    (command) => `    ${command.name()}) options="${optionsOf(command)}"${namesOf(command)} ;;`,
  )
  return `# Completion of mapgate for bash. Made by scripts/docs/completion.mjs; do not edit.
_mapgate() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} options="" names=""
  case $previous in
    -c | --config | --token-file) COMPREPLY=($(compgen -f -- "$current")); return ;;
    mapgate | help) COMPREPLY=($(compgen -W "${commands.join(' ')} help --help --version" -- "$current")); return ;;
  esac
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  if [ -n "$names" ] && [ "\${current#-}" = "$current" ]; then
    COMPREPLY=($(compgen -W "$names" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  fi
}

# The names in a section of the configuration: the first level below it, as the file is usually written.
_mapgate_names() {
  local file="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in -c | --config) file=\${COMP_WORDS[index+1]} ;; esac
  done
  for file in "$file" mapgate.yaml /etc/mapgate/mapgate.yaml; do
    [ -n "$file" ] && [ -r "$file" ] || continue
    awk -v section="$1" '
      index($0, section ":") == 1 { inside = 1; indent = 0; next }
      /^[^ \\t#]/ { inside = 0 }
      inside && match($0, /^ +[A-Za-z0-9_.-]+:/) {
        match($0, /^ +/)
        if (indent == 0) indent = RLENGTH
        if (RLENGTH == indent) { sub(/^ +/, ""); sub(/:.*/, ""); print }
      }' "$file"
    return
  done
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

/** Words of the arguments: what is chosen from, and the names of tables or upstreams that the configuration has. */
function namesOf(command) {
  const words = command.registeredArguments.flatMap((argument) => {
    if (argument.argChoices !== undefined) return argument.argChoices
    if (['table', 'A', 'B'].includes(argument.name())) return ['$(_mapgate_names tables)']
    return argument.name() === 'upstream' ? ['$(_mapgate_names upstreams)'] : []
  })
  return words.length === 0 ? '' : ` names="${[...new Set(words)].join(' ')}"`
}
