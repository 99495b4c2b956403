'use strict';

/** Words that ask for help or for the version in the place of a command. */
const META = new Set(['', '--help', '-h', '--version', '-V']);

/**
 * What a command line asks for: one of the commands, whose words oclif's parser will read; a text (help, or the
 * version) that oclif writes; or a command that isn't there.
 *
 * @param argv the words after `memmap`
 * @param isCommand is this the name of a command?
 * @returns `is`, and the words without `help` as the first of them: `help show` and `--help show`
 * are `show --help`
 */
exports.choose = function choose(argv, isCommand) {
  const [id = '', ...words] = argv;
  if (id === 'help') {
    const [topic = '--help'] = words;
    return choose(isCommand(topic) ? [topic, '--help'] : [topic], isCommand);
  }
  if ((id === '--help' || id === '-h') && words[0]?.startsWith('-') === false)
    return choose(['help', ...words], isCommand);
  const end = words.indexOf('--');
  const isHelp = (end < 0 ? words : words.slice(0, end)).some((word) => word === '--help' || word === '-h');
  if (isCommand(id)) return {is: isHelp ? 'help' : 'command', argv};
  return {is: isHelp || META.has(id) ? 'help' : 'unknown', argv};
};
