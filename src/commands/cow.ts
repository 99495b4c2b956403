import {Args, Flags} from '@oclif/core';
import {BaseCommand} from './base.ts';
import {given, maxStall} from './flags.ts';
import {parseDuration} from '../shell/values.ts';
import {EXIT, exitOfSignal} from '../shell/exit.ts';
import {cowJSON} from '../features/cow/cow.ts';
import {lookAtFamily} from '../features/cow/target.ts';
import {notesOf, renderCow} from '../features/cow/text.ts';
import {prose} from './prose.ts';

export default class CowCommand extends BaseCommand {
  static override summary = 'say what a parent and its forked workers still share, and what was copied';
  static override description = prose`
fork(2) copies no memory: parent and child share each page until one of them writes to it (copy on write). This compares
the pages of a process with those of all its descendants that were forked from it and have not begun another program:
what is still shared, what was copied, and what only one of them has, by process, kind and region.

Several PIDs, or a name that several processes have, are compared with each other where none of them has forked all
others. Files and shared memory count then too: processes that began apart share nothing else.

With --for it looks twice, and says what was copied in between: where, by whom and how fast. A rate is of the time in
which it was seen.

Root sees page frames, so that it is exact. Others see how often a page is mapped, and not by whom: then shared is the
most that it can be. The page maps are read in small pieces with rests between them, which holds up each process for a
few ms at most.

A process without workers is not an error: that is said, and the command ends with 0.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> $$',
    '<%= config.bin %> <%= command.id %> $$ --for 1s',
    '<%= config.bin %> <%= command.id %> $$ $PPID',
    '<%= config.bin %> <%= command.id %> $$ --json',
  ];

  static override args = {
    targets: Args.string({
      description: 'a PID, or the name of a process; or several PIDs',
      required: true,
      multiple: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    for: Flags.string({
      description: 'look again after this time (10s, 2m; a bare number is seconds), and say what was copied',
      helpValue: '<time>',
    }),
    all: Flags.boolean({description: 'every worker and region, however many'}),
    'max-stall': maxStall('reading smaps may hold up the parent'),
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(CowCommand);
    this.begin(flags);
    const {cow, isWhole, signal} = await lookAtFamily(args.targets, {
      root: flags['proc-root'],
      maxStall: parseDuration(flags['max-stall']),
      duration: given(flags.for, parseDuration),
    });
    const look = {width: this.width, rows: flags.all || this.width === undefined ? undefined : this.rows};
    await this.print(flags.json ? cowJSON(cow, notesOf(cow)) : renderCow(cow, look));
    if (signal) return exitOfSignal(signal);
    return isWhole ? EXIT.done : EXIT.incomplete;
  }
}
