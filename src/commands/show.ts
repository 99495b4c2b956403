import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/base.ts';
import {parseDuration} from '../cli/duration.ts';
import {readTarget, resolveTarget} from '../cli/target.ts';
import {renderPicture} from '../render/picture.ts';
import {renderSnapshot} from '../render/snapshot.ts';

export default class Show extends BaseCommand {
  static override summary = 'show the address space of a process, or of a saved listing';
  static override description = `Prints each region with its range, size, permissions, resident memory, kind and name, and totals by kind.

Resident memory comes from smaps, and reading that holds up the process. Where it would be for longer than --max-stall, regions are shown without it, and that is said.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> $$',
    '<%= config.bin %> <%= command.id %> /proc/self/maps',
    'cat /proc/$$/smaps | <%= config.bin %> <%= command.id %> -',
    '<%= config.bin %> <%= command.id %> $$ --map',
    '<%= config.bin %> <%= command.id %> $$ --json',
  ];

  static override args = {
    target: Args.string({
      description: 'a PID, a file, - for standard input, or the name of a process',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    map: Flags.boolean({
      description: 'draw the address space as a picture, for people: not together with --json',
      exclusive: ['json'],
    }),
    'max-stall': Flags.string({
      description: 'for how long reading may hold up the process',
      default: '50ms',
      helpValue: '<time>',
    }),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Show);
    this.begin(flags);
    const root = flags['proc-root'];
    const snapshot = await readTarget(resolveTarget(args.target, root), {
      root,
      maxStall: parseDuration(flags['max-stall']),
    });
    this.remark(snapshot);
    const look = {width: this.width, rows: this.height};
    const draw = flags.map ? renderPicture : renderSnapshot;
    await this.print(flags.json, () => snapshot.toJSON(), () => draw(snapshot, look)); // prettier-ignore
    this.exitFor([snapshot]);
  }
}
