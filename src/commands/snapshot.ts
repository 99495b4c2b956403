import {Args, Flags} from '@oclif/core';
import {BaseCommand} from './base.ts';
import {parseDuration} from '../shell/values.ts';
import {say, writeOut} from '../shell/output.ts';
import {saveFile} from '../shell/file.ts';
import {readTarget, resolveTarget} from '../input/target.ts';
import {jsonDocument} from '../text/json.ts';
import {safe} from '../text/safe.ts';
import {howMuch} from '../text/who.ts';

export default class SnapshotCommand extends BaseCommand {
  static override summary = 'save all that is needed to show or diff a process later, on another machine too';
  static override description = `Writes a JSON document with every region, the totals and the status of the process, to standard output or to a file. A file can be read by its owner only: addresses help who attacks the process.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> $$ -o before.json',
    '<%= config.bin %> <%= command.id %> $$ -o before.json; <%= config.bin %> diff before.json $$',
    '<%= config.bin %> <%= command.id %> $$',
  ];

  static override args = {
    target: Args.string({
      description: 'a PID or the name of a process; or a saved listing, to make a snapshot of it',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    output: Flags.string({char: 'o', description: 'the file to write', helpValue: '<file>'}),
    'max-stall': Flags.string({
      description: 'for how long reading may hold up the process',
      default: '50ms',
      helpValue: '<time>',
    }),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(SnapshotCommand);
    this.begin(flags);
    const root = flags['proc-root'];
    const snapshot = await readTarget(resolveTarget(args.target, root), {
      root,
      maxStall: parseDuration(flags['max-stall']),
    });
    this.remark(snapshot);
    const text = jsonDocument(snapshot.toJSON());
    if (flags.output === undefined || flags.output === '-') await writeOut(text);
    else {
      saveFile(flags.output, text);
      say(`Saved to ${safe(flags.output)}: ${howMuch(snapshot)}.`);
    }
    this.exitFor([snapshot]);
  }
}
