import {Args} from '@oclif/core';
import {BaseCommand} from './base.ts';
import {fileOf, force, ifThere, maxStall, output} from './flags.ts';
import {parseDuration} from '../shell/values.ts';
import {say} from '../shell/output.ts';
import {refuseIfThere, saveFile} from '../shell/file.ts';
import {inputOf, readInput} from '../input/open.ts';
import {jsonDocument} from '../text/json.ts';
import {safe} from '../text/safe.ts';
import {howMuch} from '../text/process/who.ts';

export default class SnapshotCommand extends BaseCommand {
  static override summary = 'save all that is needed to show or diff a process later, on another machine too';
  static override description =
    `Writes a JSON document with every region, the totals and the status of the ` +
    `process, to standard output or to a file. The file can be read by its owner only: addresses help whoever ` +
    `attacks the process.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> $$ -o before.json',
    '<%= config.bin %> <%= command.id %> $$ -o before.json --force; <%= config.bin %> diff before.json $$',
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
    output: output('the file to write'),
    force,
    'max-stall': maxStall('reading may hold up the process'),
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(SnapshotCommand);
    this.begin(flags);
    const file = fileOf(flags.output);
    if (file !== undefined) refuseIfThere(file, ifThere(flags));
    const options = {root: flags['proc-root'], maxStall: parseDuration(flags['max-stall']), extras: true};
    const snapshot = await readInput(inputOf(args.target, options.root), options);
    this.remark(snapshot);
    if (file === undefined) return this.print(snapshot.toJSON(), this.codeFor([snapshot]));
    saveFile(file, jsonDocument(snapshot.toJSON()), ifThere(flags));
    say(`Saved to ${safe(file)}: ${howMuch(snapshot)}.`);
    return this.codeFor([snapshot]);
  }
}
