import {type Plan, type PlannedCommand, type PlannedFlag, valuedFlags, type Values} from './plan.ts';

/** A completion script for fish 3 or newer. */
export const fishScript = (plan: Plan): string => `# Completion of memmap for fish. Made by: memmap completion fish

# Is the command the given one, and no -- before the cursor?
function __memmap_in
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test "$words[2]" = $argv[1]; and not contains -- -- $words
end

function __memmap_first
    test (count (commandline -opc)) -eq 1
end

# The arguments so far, without flags and what these take.
function __memmap_arguments
    set -l words (commandline -opc)
    set -l valued
    switch "$words[2]"
${plan
  .filter((command) => valuedFlags(command).length > 0)
  .map((command) => `        case ${command.name}\n            set valued ${valuedFlags(command).join(' ')}`)
  .join('\n')}
    end
    set -l skip 0
    for word in $words[3..-1]
        if test $skip -eq 1
            set skip 0
        else if contains -- $word $valued
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# Is this the argument at a place of a command? 0 is the first.
function __memmap_at
    __memmap_in $argv[1]; and test (count (__memmap_arguments)) -eq $argv[2]
end

# PIDs with their names, and the names that exactly one process has. Kernel threads have no command line. grep, since
# fish warns of a process that ended before it could be read.
function __memmap_processes
    set -l found (grep -las . /proc/*/cmdline | string replace -f -r '^(/proc/\\d+)/cmdline$' '$1/comm')
    set -l lines (grep -aHs . $found | string replace -f -r '^/proc/(\\d+)/comm:' '$1\\t')
    printf '%s\\n' $lines
    string match -qr '^\\D' -- (commandline -ct); or return
    string replace -r '^\\d+\\t' '' -- $lines | sort | uniq -u | string replace -r '$' '\\tprocess'
end

# The names of the regions of the process that was named before: [heap], libc.so.6.
function __memmap_regions
    set -l pid (__memmap_arguments)[1]
    string match -qr '^\\d+$' -- "$pid"; or return
    set -l names (grep -as . /proc/$pid/maps | string match -rg '^(?:\\S+\\s+){5}(?:.*/)?([^/]+)$')
    string match -v '* (deleted)' $names | sort -u
end

# A list with commas: the last word of it is completed.
function __memmap_list
    set -l before (string match -r '.*,' -- (commandline -ct))
    string join \\n -- $before$argv
end

# Is the command the given one, and the command line of another program before the cursor?
function __memmap_after
    set -l words (commandline -opc)
    test (count $words) -gt 2; and test "$words[2]" = $argv[1]; and contains -- -- $words
end

# That command line, completed as fish completes it.
function __memmap_rest
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    set -l line (commandline -ct)
    test $at -lt (count $words); and set -p line (string escape -- $words[(math $at + 1)..-1])
    complete -C "$line"
end

complete -c memmap -f
complete -c memmap -n __memmap_first -s h -l help -d 'show help'
complete -c memmap -n __memmap_first -s V -l version -d 'show the version'
${plan.map(({name, about}) => `complete -c memmap -n __memmap_first -a ${name} -d ${quoted(about)}`).join('\n')}

${plan.flatMap(commandLines).join('\n')}
`;

const commandLines = (command: PlannedCommand): string[] => [
  ...command.flags.flatMap((flag) => flagLines(command, flag)),
  ...argLines(command),
];

function flagLines({name: command}: PlannedCommand, {name, char, about, isNegatable, values}: PlannedFlag): string[] {
  const start = `complete -c memmap -n '__memmap_in ${command}'`;
  const takes = values ? ` -r${proposals(values)}` : '';
  return [
    `${start}${char ? ` -s ${char}` : ''} -l ${name} -d ${quoted(about)}${takes}`,
    ...(isNegatable ? [`${start} -l no-${name} -d ${quoted(about)}`] : []),
  ];
}

function argLines({name, args, startsCommand}: PlannedCommand): string[] {
  const lines = args.flatMap((values, at) => {
    const proposed = proposals(values);
    return proposed ? [`complete -c memmap -n '__memmap_at ${name} ${at}'${proposed}`] : [];
  });
  if (!startsCommand) return lines;
  return [...lines, `complete -c memmap -n '__memmap_after ${name}' -a '(__memmap_rest)'`];
}

function proposals(values: Values): string {
  switch (values.are) {
    case 'words': {
      const words = values.words.map((word) => word + (values.ends ?? ''));
      if (values.isList) return ` -f -a ${quoted(`(__memmap_list ${words.map(quoted).join(' ')})`)}`;
      return ` -f -a ${quoted(words.map(quoted).join(' '))}`;
    }
    case 'targets': {
      const words = values.words.length > 0 ? ` ${values.words.map(quoted).join(' ')}` : '';
      return `${values.withFiles ? ' -F' : ' -f'} -k -a ${quoted(`(__memmap_processes)${words}`)}`;
    }
    case 'files':
      return ' -F';
    case 'regions':
      return ` -f -a '(__memmap_regions)'`;
    case 'free':
      return ' -f';
  }
}

/** A word for fish, in which \\ and ' are special within single quotes. */
const quoted = (word: string): string => (/^[\w./=,-]+$/.test(word) ? word : `'${word.replaceAll(/['\\]/g, '\\$&')}'`);
