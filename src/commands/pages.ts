import {Args, Flags} from '@oclif/core';
import {BaseCommand} from './base.ts';
import {given, maxStall, PROCESS_ARG} from './flags.ts';
import {parseDuration} from '../shell/values.ts';
import {EXIT} from '../shell/exit.ts';
import {say} from '../shell/output.ts';
import {lookAtPages} from '../features/pages/target.ts';
import {KINDS} from '../model/kind.ts';
import {renderPages} from '../features/pages/pages.ts';
import {prose} from './prose.ts';

export default class Pages extends BaseCommand {
  static override summary = 'show which pages of a process are present, swapped, shared or its own';
  static override description = prose`
Reads /proc/PID/pagemap. Without a region: each region as a strip of signs, and totals. With one: its pages as runs, all
pages of a run in one state.

A region is chosen by an address in it (0x…), a range (START-END in hex), its name, or a part of its name.

The page map is read in small pieces with rests between them, so it holds up the process for a few ms at most. It is not
a picture of one moment: a running process continues meanwhile.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> $$',
    "<%= config.bin %> <%= command.id %> $$ '[heap]'",
    '<%= config.bin %> <%= command.id %> $$ libc --all',
    '<%= config.bin %> <%= command.id %> $$ --kind stack --json',
    '<%= config.bin %> <%= command.id %> $$ --summary',
  ];

  static override args = {
    target: PROCESS_ARG,
    region: Args.string({
      description: 'an address as 0x…, a range as START-END, or a name or a part of it',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    kind: Flags.string({
      description: `only regions of this kind; may be given again: ${KINDS.join(', ')}`,
      multiple: true,
      options: [...KINDS],
      helpValue: '<kind>',
    }),
    all: Flags.boolean({description: 'print every run, however many'}),
    summary: Flags.boolean({description: 'only the totals'}),
    'dirty-since': Flags.string({
      description:
        "clear the soft-dirty marks of the process's pages, wait this long, and show which pages were " +
        'written; this slows the process down, and needs a kernel with CONFIG_MEM_SOFT_DIRTY',
      helpValue: '<time>',
    }),
    'max-stall': maxStall('reading smaps, or clearing the marks, may hold up the process'),
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(Pages);
    this.begin(flags);
    const pages = await lookAtPages(args.target, {
      root: flags['proc-root'],
      region: args.region,
      kinds: flags.kind,
      maxStall: parseDuration(flags['max-stall']),
      dirtySince: given(flags['dirty-since'], parseDuration),
    });
    this.remark(pages.snapshot);
    for (const note of pages.notes) say(`memmap: ${note}`);
    const rows = flags.all ? undefined : this.rows;
    const look = {width: this.width, rows, runs: args.region !== undefined, summary: flags.summary};
    const code = pages.isWhole ? EXIT.done : EXIT.incomplete;
    return this.print(flags.json ? pages.toJSON(!flags.summary) : renderPages(pages, look), code);
  }
}
