import {BaseCommand} from './base.ts';
import {Trouble} from '../model/trouble.ts';
import {distance} from '../text/nearest.ts';

/** Stands in for a command that doesn't exist. Its arguments are that name, and the names of all commands. */
export default class NotFound extends BaseCommand {
  async run(): Promise<number> {
    const [id = '', ...commands] = this.argv;
    const near = commands.find((each) => distance(id, each) <= 2);
    throw new Trouble({
      kind: 'usage',
      what: `There is no command "${id}".`,
      why: `the commands are: ${commands.toSorted().join(', ')}.`,
      next: near === undefined ? 'memmap --help' : `Did you mean: memmap ${near}`,
    });
  }
}
