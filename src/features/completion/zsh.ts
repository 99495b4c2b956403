import {quoted} from './bash.ts';
import {type Plan, type PlannedCommand, type PlannedFlag, spellings, starters, type Values} from './plan.ts';

/** A completion script for zsh: a file _memmap in a directory of $fpath, or text for eval after compinit. */
export const zshScript = (plan: Plan): string => `#compdef memmap
# Completion of memmap for zsh. Made by: memmap completion zsh

# PIDs with their names, and the names that exactly one process has. Kernel threads have no command line.
_memmap_processes() {
  local directory pid name line
  local -a pids
  local -A seen
  for directory in /proc/<->(N/); do
    pid=\${directory:t} line= name=
    { IFS= read -r -d $'\\0' line <$directory/cmdline; IFS= read -r name <$directory/comm } 2>/dev/null
    [[ -n $line && -n $name ]] || continue
    pids+=("$pid:$name")
    (( seen[$name] += 1 ))
  done
  _describe -V -t processes 'process' pids
  [[ $PREFIX == <->* || -z $PREFIX ]] || compadd -J names -X 'process name' -- \${(k)seen[(R)1]}
}

# The names of the regions of the process that was named before: [heap], libc.so.6.
_memmap_regions() {
  local name
  local -aU names
  local pid=\${\${(M)line:#<->}[1]}
  [[ -r /proc/$pid/maps ]] || return 1
  {
    while read -r _ _ _ _ _ name; do
      name=\${name:t}
      [[ -n $name && $name != *' (deleted)' ]] && names+=("$name")
    done </proc/$pid/maps
  } 2>/dev/null
  compadd -X 'region' -a names
}

_memmap_words() {
  compadd -X 'word' -- ${glossaryOf(plan).map(quoted).join(' ')}
}

_memmap_targets() {
  _memmap_processes
  _files
}

_memmap_targets_or_words() {
  _memmap_targets
  [[ -z $PREFIX ]] || _memmap_words
}

_memmap() {
  local curcontext=$curcontext state line
  local -A opt_args
  local -a ours=(
${plan.map(({name, about}) => `    ${quoted(`${name}:${about.replaceAll(':', '\\:')}`)}`).join('\n')}
  )
  _arguments -C '(- *)'{-h,--help}'[show help]' '(- *)'{-V,--version}'[show the version]' \\
    '1: :->command' '*:: :->arguments' && return
  case $state in
    command) _describe -t commands 'memmap command' ours ;;
    arguments)
      # After -- comes a command of another program, where there is one.
      local -i at=\${words[(ie)--]}
      if (( at < CURRENT )); then
        [[ $words[1] == (${starters(plan).join('|')}) ]] || return
        shift $at words
        (( CURRENT -= at ))
        _normal
        return
      fi
      case $words[1] in
${plan.map(caseOf).join('\n')}
      esac
      ;;
  esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _memmap "$@"
else
  compdef _memmap memmap
fi
`;

const caseOf = (command: PlannedCommand): string =>
  `        ${command.name})
          _arguments -s ${specs(command).map(quoted).join(' \\\n            ')}
          ;;`;

const specs = (command: PlannedCommand): readonly string[] => [
  ...command.flags.flatMap(flagSpecs),
  ...argSpecs(command),
];

function flagSpecs(flag: PlannedFlag): readonly string[] {
  const {name, about, isNegatable, isRepeatable, values} = flag;
  const says = `[${about.replaceAll(/[[\]\\]/g, '\\$&')}]`;
  const all = [...spellings(flag), ...(isNegatable ? [`--no-${name}`] : [])];
  const head = isRepeatable ? '*' : all.length > 1 ? `(${all.join(' ')})` : '';
  return all.map((text) => {
    const takes = values ? `:${name}:${actionOf(values)}` : '';
    const joins = values ? (text.startsWith('--') ? '=' : '+') : '';
    return `${head}${text}${joins}${says}${takes}`;
  });
}

const argSpecs = ({args}: PlannedCommand): readonly string[] =>
  args.map((values, at) => `${at + 1}::${whatIs(values)}:${actionOf(values)}`);

const whatIs = ({are}: Values): string =>
  ({words: 'word', targets: 'target', files: 'file', regions: 'region', free: 'text'})[are];

function actionOf(values: Values): string {
  switch (values.are) {
    case 'words': {
      const words = values.words.map((word) => word.replaceAll(/[\s:()[\]\\]/g, '\\$&')).join(' ');
      if (values.ends) return `{compadd -S '${values.ends}' -- ${words}}`;
      return values.isList ? `{_values -s , word ${words}}` : `(${words})`;
    }
    case 'targets':
      if (values.words.length > 0) return '_memmap_targets_or_words';
      return values.withFiles ? '_memmap_targets' : '_memmap_processes';
    case 'files':
      return '_files';
    case 'regions':
      return '_memmap_regions';
    case 'free':
      return ' ';
  }
}

/** The words of `explain`. */
const glossaryOf = (plan: Plan): readonly string[] =>
  plan.flatMap(({args}) => args.flatMap((values) => (values.are === 'targets' ? values.words : [])));
