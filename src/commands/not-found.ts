import {errorText} from './base.ts';
import {EXIT} from '../shell/exit.ts';
import {say} from '../shell/output.ts';
import {distance} from '../text/nearest.ts';

/** What is said of a command that doesn't exist. */
export function noSuchCommand(id: string, commands: readonly string[]): void {
  const near = commands.find((each) => distance(id, each) <= 2);
  const next = near === undefined ? 'memmap --help' : `Did you mean: memmap ${near}`;
  say(errorText(`There is no command "${id}".`, `the commands are: ${[...commands].sort().join(', ')}.`, next));
  process.exitCode = EXIT.usage;
}
