import {Flags} from '@oclif/core';
import {BaseCommand, type FlagsOf} from './base.ts';
import {maxStall, TARGET_OR_GROUP_ARG} from './flags.ts';
import {choiceOf, CHOICE_FLAGS, columnsOf, familyKeyOf} from '../features/show/choose.ts';
import {parseDuration} from '../shell/values.ts';
import {EXIT} from '../shell/exit.ts';
import {say} from '../shell/output.ts';
import {regionsCSV, showJSON, showPieces, TOTALS_BY} from '../features/show/show.ts';
import type {Input} from '../input/input.ts';
import {inputOf, readFamily, readInput, targetOf} from '../input/open.ts';
import {familyJSON, sortFamily} from '../model/family.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import {glimpse} from '../procfs/capture.ts';
import type {CaptureOptions} from '../procfs/options.ts';
import {captureFamily} from '../procfs/kin/family.ts';
import {renderColumnHelp} from '../text/columns.ts';
import {withArenas} from '../features/heap/labels.ts';
import {renderFamily} from '../features/show/family.ts';
import {groupJSON, groupNotes, lookAtGroup} from '../features/show/group.ts';
import {renderGroup} from '../features/show/group-text.ts';
import {renderPicture} from '../features/map/map.ts';
import {renderStatus} from '../features/show/status.ts';
import {prose} from './prose.ts';

export default class Show extends BaseCommand {
  static override summary = 'show the address space of a process or a saved listing, or the bill of a group';
  static override description = prose`
Prints each region with its range, size, permissions, resident memory, kind and name; totals by kind; what the totals
leave out; and how much room there is.

Resident memory comes from smaps, and reading that holds up the process. Where it would be for longer than --max-stall,
regions are shown without it, and that is reported.

A terminal gets as many columns as fit and, of more than 2,000 regions, the largest; a pipe gets all. --json is a whole
snapshot in ascending order; --kind and --filter leave the chosen regions and their totals.

A group is cgroup:PATH, unit:NAME (of systemd) or container:ID (the beginning of it is enough); cgroup:self is that of
memmap. Its bill says what is charged to it, part by part: anonymous memory, mapped files, page cache that no process
maps, and so on; its limits, and its processes.

For a process whose memory map may not be read, the status is shown, and the command exits with 4.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> $$',
    '<%= config.bin %> <%= command.id %> $$ --sort privateDirty --columns range,privateDirty,perms,name',
    "<%= config.bin %> <%= command.id %> $$ --kind text --filter '/lib(c|m)/'",
    '<%= config.bin %> <%= command.id %> $$ --heap',
    '<%= config.bin %> <%= command.id %> $$ --summary',
    '<%= config.bin %> <%= command.id %> $$ --summary --by label',
    '<%= config.bin %> <%= command.id %> $$ --children',
    '<%= config.bin %> <%= command.id %> $$ --summary --room',
    '<%= config.bin %> <%= command.id %> /proc/self/maps',
    'cat /proc/$$/smaps | <%= config.bin %> <%= command.id %> -',
    '<%= config.bin %> <%= command.id %> $$ --map',
    '<%= config.bin %> <%= command.id %> cgroup:self',
    '<%= config.bin %> <%= command.id %> $$ --csv > regions.csv',
    '<%= config.bin %> <%= command.id %> $$ --json',
  ];

  static override args = {
    target: TARGET_OR_GROUP_ARG,
  };

  static override flags = {
    map: Flags.boolean({
      description: 'draw the address space as a picture, for people: not together with --json',
      exclusive: ['json', 'kind', 'filter', 'sort', 'columns', 'summary', 'by', 'room', 'children'],
    }),
    csv: Flags.boolean({
      description: 'print the regions as CSV, with every measure in bytes',
      exclusive: ['json', 'map', 'columns', 'summary', 'by', 'room', 'children'],
    }),
    ...CHOICE_FLAGS,
    summary: Flags.boolean({description: 'only the totals, by kind and by file'}),
    by: Flags.option({
      description: 'totals by kind, by file, or by label: whose memory it is; may be given again',
      multiple: true,
      options: TOTALS_BY,
      helpValue: '<group>',
    })(),
    all: Flags.boolean({description: 'every region, file, hole and member, however many'}),
    room: Flags.boolean({
      description: 'how much room is left for mmap, brk, stack and more regions, and what keeps regions apart',
    }),
    children: Flags.boolean({
      description: 'the process and its descendants by PSS (or --sort), and what they cost together',
      exclusive: ['kind', 'filter', 'columns', 'summary', 'by', 'room'],
    }),
    heap: Flags.boolean({
      description: "say for certain which of malloc's arenas a region is of; reads memory (docs/heap.md)",
      exclusive: ['children'],
    }),
    'max-stall': maxStall('reading may hold up a process'),
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(Show);
    this.begin(flags);
    if (flags.columns === 'help') return this.print(renderColumnHelp(this.width));
    const [columns, choice] = [columnsOf(flags.columns), choiceOf(flags)];
    const options = {
      root: flags['proc-root'],
      maxStall: parseDuration(flags['max-stall']),
      extras: true,
      numa: columns?.includes('numa') === true,
    };
    if (flags.children) return this.family(inputOf(args.target, options.root), options, flags);
    const target = targetOf(args.target, options.root);
    const all = flags.all || this.width === undefined;
    if (target.is === 'group') {
      refuseWithGroup(flags);
      const bill = lookAtGroup(target.group, options.root, options.maxStall);
      return this.print(
        flags.json
          ? groupJSON(bill, groupNotes(bill))
          : renderGroup(bill, {width: this.width, rows: all ? undefined : this.rows}),
      );
    }
    if (flags.heap && target.is !== 'process') throw noHeap(args.target);
    const read = await this.read(target, options, flags.json);
    const snapshot = flags.heap ? withArenas(read, options.root) : read;
    this.remark(snapshot);
    const look = {...flags, columns, choice, rows: all ? undefined : MOST_ROWS, width: this.width};
    const code = this.codeFor([snapshot]);
    if (flags.json) return this.print(showJSON(snapshot, choice, flags.by), code);
    if (flags.csv) return this.printCSV(regionsCSV(snapshot, choice, flags.sort), code);
    if (flags.map) return this.print(renderPicture(snapshot, {width: this.width, rows: this.height}), code);
    return this.printPieces(showPieces(snapshot, look), code);
  }

  /** Reads the target. For a process that may not be read, what may be seen is printed before the command fails. */
  private async read(input: Input, options: CaptureOptions, isJson: boolean): Promise<Snapshot> {
    try {
      return await readInput(input, options);
    } catch (error) {
      const isDenied = error instanceof Trouble && error.kind === 'denied';
      const seen = input.is === 'process' && isDenied ? glimpse(input.pid, error, options.root) : undefined;
      if (seen) await this.print(isJson ? seen.toJSON() : renderStatus(seen, {width: this.width}));
      throw error;
    }
  }

  private async family(
    input: Input,
    options: CaptureOptions,
    {json: isJson, sort}: Pick<FlagsOf<typeof Show>, 'json' | 'sort'>,
  ): Promise<number> {
    const key = familyKeyOf(sort);
    const {family: read, denied} =
      input.is === 'process' ? captureFamily(input.pid, options) : {family: await readFamily(input), denied: undefined};
    const family = sortFamily(read, key);
    await this.print(isJson ? familyJSON(family) : renderFamily(family, {width: this.width}));
    if (denied && family.members[0]?.missing === 'denied') throw denied;
    if (denied) say(`memmap: ${denied.message} ${denied.why} ${denied.next}`);
    const isWhole = input.is === 'process' || family.members.every(({missing}) => missing !== 'denied');
    return denied || !isWhole ? EXIT.incomplete : EXIT.done;
  }
}

const noHeap = (text: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `--heap can't be used with ${text === '-' ? 'standard input' : text}.`,
    why: 'which arena memory is of is in the memory itself, and only that of a live process is read for this.',
    next: 'Give the PID of a process, or leave --heap out.',
  });

/** A group has no regions: what is about them is refused. @throws Trouble `usage` */
function refuseWithGroup(flags: Readonly<Record<string, unknown>>): void {
  const given = ['map', 'csv', 'kind', 'filter', 'sort', 'columns', 'by', 'room', 'heap'].find((name) => flags[name]);
  if (given === undefined) return;
  throw new Trouble({
    kind: 'usage',
    what: `--${given} does not apply to a group.`,
    why: 'it is about the regions of one process.',
    next: 'Leave it out, or show one of the processes of the group.',
  });
}

/** With more regions than this, a terminal shows the largest. */
const MOST_ROWS = 2000;
