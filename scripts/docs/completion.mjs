/**
 * Completion for bash, made from the command line's own definition. Expects `npm run build` before.
 */
import { loadProgram } from './manual.mjs'

/** Options whose value is a file. */
const FILE_OPTIONS = ['-c', '--config', '--token-file', '--keys', '--resume']

/** @param {string} root The checkout. */
export async function bashCompletion(root) {
  const { program } = await loadProgram(root)
  const commands = program.commands.map((command) => command.name())
  const cases = program.commands.map(
    (command) =>
      `    ${command.name()}) options="${optionsOf(command)}"${namesOf(command)}${takesFiles(command)} ;;`,
  )
  return `# Completion of mapgate for bash. Made by scripts/docs/completion.mjs; do not edit.
_mapgate() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} options="" names="" files=""
  COMPREPLY=()
  # bash takes --config=FILE for three words.
  if [ "$current" = "=" ]; then current=""
  elif [ "$previous" = "=" ]; then previous=\${COMP_WORDS[COMP_CWORD-2]}; fi
  case $previous in
    ${FILE_OPTIONS.join(' | ')}) return ;; # file names, by "complete -o default"
    mapgate | help) COMPREPLY=($(compgen -W "${commands.join(' ')} help --help --version" -- "$current")); return ;;
  esac
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  if [ "\${current#-}" = "$current" ] && [ -n "$names$files" ]; then
    COMPREPLY=($(compgen -W "$names" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  fi
}

# The names in a section of the configuration: the first level below it, in block or in flow style, quoted or not.
_mapgate_names() {
  local file="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
      -c | --config)
        file=\${COMP_WORDS[index+1]}
        [ "$file" = "=" ] && file=\${COMP_WORDS[index+2]} ;;
      --config=*) file=\${COMP_WORDS[index]#--config=} ;;
    esac
  done
  for file in "$file" mapgate.yaml /etc/mapgate/mapgate.yaml; do
    [ -n "$file" ] && [ -r "$file" ] || continue
    awk -v section="$1" '
      function flow(text,   at, sign) {
        for (at = 1; at <= length(text); at++) {
          sign = substr(text, at, 1)
          if (quote != "") { if (sign == quote) quote = ""; else word = word sign }
          else if (sign == "\\"" || sign == apostrophe) quote = sign
          else if (sign == "{" || sign == "[") { depth++; word = "" }
          else if (sign == "}" || sign == "]") { depth--; word = ""; if (depth == 0) exit }
          else if (sign == ",") word = ""
          else if (sign == ":" && depth == 1) { print word; word = "" }
          else if (sign != " " && sign != "\\t") word = word sign
        }
      }
      BEGIN { apostrophe = sprintf("%c", 39) }
      { sub(/(^|[ \\t])#.*/, "") }
      depth > 0 { flow($0); next }
      index($0, section ":") == 1 {
        inside = 1; indent = 0
        rest = substr($0, length(section) + 2)
        if (rest ~ /^[ \\t]*\\{/) flow(rest)
        next
      }
      /^[^ \\t]/ { inside = 0 }
      inside && match($0, /^ +[^ ].*:/) {
        match($0, /^ +/)
        if (indent == 0) indent = RLENGTH
        if (RLENGTH == indent) { sub(/^ +/, ""); sub(/[ \\t]*:([ \\t].*)?$/, ""); gsub("[\\"" apostrophe "]", ""); print }
      }' "$file"
    return
  done
}
complete -o default -F _mapgate mapgate
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

/** Whether its arguments are files. */
function takesFiles(command) {
  return command.registeredArguments.some((argument) => argument.name() === 'file') ? ' files=yes' : ''
}
