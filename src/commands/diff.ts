import {Args, Flags} from '@oclif/core';
import {BaseCommand, type FlagsOf} from './base.ts';
import {given, maxStall, TARGET_ARG} from './flags.ts';
import {parseDuration, parseSize} from '../shell/values.ts';
import {EXIT} from '../shell/exit.ts';
import {readTwice} from '../input/later.ts';
import {processOf, readBoth, readSides} from '../input/open.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import type {CaptureOptions} from '../procfs/options.ts';
import {diff, type Diff} from '../diff/diff.ts';
import {CHANGE_KINDS} from '../model/change.ts';
import {KINDS} from '../model/kind.ts';
import {renderDiff} from '../text/changes.ts';
import {renderDiffPicture} from '../features/map/diff.ts';
import {prose} from './prose.ts';

export default class DiffCommand extends BaseCommand {
  static override summary = 'say what changed between two processes, two saved listings, or one of each';
  static override description = prose`
Names each change and the exact range of memory that it happened to. Listings are copies of /proc/PID/maps or smaps,
memmap snapshots, or what other tools print; memmap finds out which one a file holds. One file may hold both sides, as
diff -u of two listings does.

Two moments of one process are compared by address. Two runs of a program lie at random addresses, so there the parts
that moved as a whole are found first.

Exits with 0 if nothing changed and with 1 if something did, as diff(1) does.`;

  static override examples = [
    'cat /proc/$$/maps > before.txt; <%= config.bin %> <%= command.id %> before.txt $$',
    '<%= config.bin %> <%= command.id %> $$ --for 2s',
    '<%= config.bin %> <%= command.id %> before.txt $$ --map',
    '<%= config.bin %> <%= command.id %> before.txt after.txt --json',
    '<%= config.bin %> <%= command.id %> before.txt after.txt --kind heap --kind anon --min-size 64K',
    '<%= config.bin %> <%= command.id %> --match layout before.txt after.txt --summary',
  ];

  static override args = {
    before: TARGET_ARG,
    after: Args.string({
      description: 'what to compare it with, named in the same ways; not with --for',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    for: Flags.string({
      description: 'compare a process with itself after this time (10s, 2m), or after Ctrl-C',
      helpValue: '<time>',
    }),
    match: Flags.option({
      description: 'compare equal addresses (one process), or two runs of a program',
      options: ['auto', 'address', 'layout'] as const,
      default: 'auto' as const,
    })(),
    map: Flags.boolean({
      description: 'draw before and after as one picture, for people: not together with --json',
      exclusive: ['json', 'kind', 'min-size', 'summary'],
    }),
    all: Flags.boolean({description: 'print every change, however many'}),
    kind: Flags.string({
      description:
        `only changes of this kind (${CHANGE_KINDS.join(', ')}), or to regions of this kind ` +
        `(${KINDS.join(', ')}); may be given again`,
      multiple: true,
      options: [...CHANGE_KINDS, ...KINDS],
      helpValue: '<kind>',
    }),
    'min-size': Flags.string({description: 'only changes of at least this size', helpValue: '<size>'}),
    summary: Flags.boolean({description: 'only which kind of memory grew or shrank, and by how much'}),
    'max-stall': maxStall('reading may hold up a process'),
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(DiffCommand);
    this.begin(flags);
    const options = {root: flags['proc-root'], maxStall: parseDuration(flags['max-stall'])};
    const [before, after] = await this.read(args, flags.for, options);
    this.remark(before, after);
    const changes = diff(before, after, {match: flags.match});
    const code = this.codeFor([before, after], changes.changes.length > 0 ? EXIT.no : EXIT.done);
    return this.print(flags.json ? changes.toJSON() : this.draw(changes, flags), code);
  }

  private async read(
    {before, after}: {readonly before: string; readonly after?: string | undefined},
    time: string | undefined,
    options: CaptureOptions,
  ): Promise<readonly [Snapshot, Snapshot]> {
    if (time === undefined && after !== undefined) return readBoth(before, after, options);
    const sides = time === undefined ? await readSides(before) : undefined;
    if (sides) return sides;
    if (time === undefined || after !== undefined) throw unclear(before, time !== undefined);
    return readTwice(processOf(before, options.root), parseDuration(time), options);
  }

  private draw(changes: Diff, {map, all, kind, summary, ...flags}: FlagsOf<typeof DiffCommand>): string {
    if (map) return renderDiffPicture(changes, {width: this.width, rows: all ? Infinity : this.height});
    const minSize = given(flags['min-size'], parseSize);
    const kinds = kind && new Set(kind);
    return renderDiff(changes, {width: this.width, rows: all ? undefined : this.rows, kinds, minSize, summary});
  }
}

/** One side is missing, or one too many. */
const unclear = (before: string, hasTime: boolean): Trouble =>
  new Trouble({
    kind: 'usage',
    what: hasTime ? 'diff --for needs one <before> only.' : 'diff needs <before> and <after>.',
    why: hasTime
      ? 'with --for, a process is compared with itself.'
      : '<after> is what to compare it with: a PID, a file, - for standard input, or the name of a process.',
    next: hasTime
      ? `memmap diff ${before} --for 10s`
      : `To compare a process with itself later: memmap diff ${before} --for 10s`,
  });
