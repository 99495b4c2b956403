import {BaseCommand} from './base.ts';

/** Prints its one argument, with what all commands do where that can't be done. */
export default class Text extends BaseCommand {
  async run(): Promise<number> {
    return this.print(this.argv.join(' '));
  }
}
