import {type Plan, type PlannedCommand, spellings, starters, valuedFlags, type Values} from './plan.ts';

/**
 * A completion script for bash 4 or newer, which needs no other package.
 *
 * bash splits the line at `=` and `:` too (COMP_WORDBREAKS), and replaces only what comes after them.
 */
export const bashScript = (plan: Plan): string => `# Completion of memmap for bash. Made by: memmap completion bash

# Adds the words that begin with what is typed, quoted as the shell needs it.
_memmap_add() {
  local word
  for word; do
    [[ $word == "$typed"* ]] && COMPREPLY+=("$(printf %q "$word")")
  done
}

# The same for a list with commas: of the last word in it.
_memmap_list() {
  local before= word
  [[ $typed == *,* ]] && before=\${typed%,*},
  for word; do
    [[ $before$word == "$typed"* ]] && COMPREPLY+=("$before$word")
  done
}

# PIDs, shown with their names; and the names that exactly one process has. Kernel threads have no command line.
_memmap_processes() {
  local directory pid name line
  local -A seen=()
  for directory in /proc/[0-9]*; do
    pid=\${directory#/proc/} line= name=
    IFS= read -r -d '' line 2>/dev/null <"$directory/cmdline"
    [[ $line ]] && IFS= read -r name 2>/dev/null <"$directory/comm"
    [[ $name ]] || continue
    if [[ $typed != [0-9]* && $name == "$typed"* ]]; then
      [[ $typed ]] && seen[$name]=$((\${seen[$name]:-0} + 1))
    fi
    [[ $pid == "$typed"* ]] && COMPREPLY+=("$pid ($name)")
  done
  for name in "\${!seen[@]}"; do
    ((seen[$name] == 1)) && COMPREPLY+=("$(printf %q "$name")")
  done
  # Only a list of several has the names beside the PIDs: a single one is inserted.
  if ((\${#COMPREPLY[@]} == 1)) || [[ $COMP_TYPE == 37 || $COMP_TYPE == 42 ]]; then
    COMPREPLY=("\${COMPREPLY[@]%% (*}")
  fi
}

# The names of the regions of a process: [heap], libc.so.6.
_memmap_regions() {
  local name
  local -A seen=()
  [[ $1 && $1 != *[!0-9]* && -r /proc/$1/maps ]] || return
  while read -r _ _ _ _ _ name; do
    name=\${name##*/}
    [[ $name && $name != *' (deleted)' ]] && seen[$name]=1
  done 2>/dev/null <"/proc/$1/maps"
  _memmap_add "\${!seen[@]}"
}

_memmap_files() {
  compopt -o filenames 2>/dev/null
  local file
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$typed")
}

_memmap() {
  local typed=\${COMP_WORDS[COMP_CWORD]} command= flag= first= glued= word i
  local -i place=0
  COMPREPLY=()
  [[ $typed == [=:] ]] && typed=
  typed=\${typed//\\\\/} typed=\${typed#[\\"\\']}
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == [=:] ]]; then
      [[ $flag ]] || glued=1
    elif [[ $glued ]]; then
      glued=
    elif [[ ! $command ]]; then
      [[ $word == -* ]] || command=$word
    elif [[ $word == -- && ! $flag ]]; then
      _memmap_rest "$command" $((i + 1))
      return
    elif [[ $flag ]]; then
      flag=
    elif [[ $word == -* ]]; then
      [[ $(_memmap_valued "$command") == *" $word "* ]] && flag=$word
    else
      place+=1
      first=\${first:-$word}
    fi
  done
  [[ $glued ]] && return
  if [[ ! $command ]]; then
    _memmap_add ${plan.map(({name}) => name).join(' ')} --help --version
  elif [[ ! $flag && $typed == -* ]]; then
    _memmap_flags "$command"
  else
    _memmap_values "$command" "\${flag:-$place}" "$first"
  fi
}

# After -- comes a command of another program, where there is one.
_memmap_rest() {
  case $1 in
    ${starters(plan).join('|')}) ;;
    *) return ;;
  esac
  if (($2 == COMP_CWORD)); then
    local name
    while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -c -- "$typed")
  else
    _memmap_files
  fi
}

_memmap_valued() {
  case $1 in
${plan
  .filter((command) => valuedFlags(command).length > 0)
  .map((command) => `    ${command.name}) echo ' ${valuedFlags(command).join(' ')} ' ;;`)
  .join('\n')}
  esac
}

_memmap_flags() {
  case $1 in
${plan.map((command) => `    ${command.name}) _memmap_add ${flagWords(command).join(' ')} ;;`).join('\n')}
  esac
}

# What a flag takes, or the argument at a place: 0 is the first.
_memmap_values() {
  case "$1 $2" in
${caseLines(plan)}
  esac
}

complete -F _memmap memmap
`;

const flagWords = ({flags}: PlannedCommand): readonly string[] => [
  ...flags.flatMap((flag) => [...spellings(flag), ...(flag.isNegatable ? [`--no-${flag.name}`] : [])]),
  '--help',
];

const caseLines = (plan: Plan): string =>
  [...cases(plan)]
    .map(([action, places]) => `    ${places.map(quoted).join(' | ')})\n      ${action}\n      ;;`)
    .join('\n');

/** What is proposed, and at which places: `show --sort`, `show 0`. */
function cases(plan: Plan): ReadonlyMap<string, readonly string[]> {
  const places = new Map<string, string[]>();
  const put = (values: Values, place: string): void => {
    const action = actionOf(values);
    if (action !== undefined) places.set(action, [...(places.get(action) ?? []), place]);
  };
  for (const {name, flags, args} of plan) {
    for (const flag of flags) if (flag.values) for (const text of spellings(flag)) put(flag.values, `${name} ${text}`);
    args.forEach((values, at) => put(values, `${name} ${at}`));
  }
  return places;
}

function actionOf(values: Values): string | undefined {
  switch (values.are) {
    case 'words': {
      const words = values.words.map((word) => quoted(word + (values.ends ?? ''))).join(' ');
      if (values.isList || values.ends) return `compopt -o nospace 2>/dev/null; _memmap_list ${words}`;
      return `_memmap_add ${words}`;
    }
    case 'targets': {
      const words =
        values.words.length > 0 ? `[[ $typed ]] && _memmap_add ${values.words.map(quoted).join(' ')}; ` : '';
      return `${words}${values.withFiles ? '[[ $typed ]] && _memmap_files; ' : ''}_memmap_processes`;
    }
    case 'files':
      return '_memmap_files';
    case 'regions':
      return '_memmap_regions "$3"';
    case 'free':
      return undefined;
  }
}

/** A word for a shell that reads it as POSIX sh does. */
export const quoted = (word: string): string =>
  /^[\w./=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
