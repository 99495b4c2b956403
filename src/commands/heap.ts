import {Args, Flags} from '@oclif/core';
import {BaseCommand} from './base.ts';
import {given} from './flags.ts';
import {parseSize} from '../shell/values.ts';
import {EXIT} from '../shell/exit.ts';
import {say} from '../shell/output.ts';
import {safe} from '../text/safe.ts';
import {renderHeapFamily} from '../features/heap/family/text.ts';
import {HeapFamily} from '../features/heap/family/family.ts';
import {lookAtHeap, USUAL_RATE} from '../features/heap/target.ts';
import {renderHeap} from '../features/heap/text.ts';
import {prose} from './prose.ts';

export default class Heap extends BaseCommand {
  static override summary = "read malloc's own books: what is in use, and what is free and kept";
  static override description = prose`
Is it a leak, or memory that malloc keeps? This reads the books of glibc's malloc from outside: no debugger, no stop,
nothing is injected.

Below that is all of its memory by what it is for, with what would give it back: the heaps of a JVM, Python, Go and V8,
malloc, code, stacks, files, page tables. smaps is read for this, or the page map where smaps would hold the process up
for more than 50 ms.

Several processes are read one after the other: all that have the name, or with --children a process and its
descendants. Each has a row of what malloc has, and one of the heap of its language runtime. --json is then one
document with that of each in it.

It reads the memory of the process (/proc/PID/mem), which needs the right to attach to it: only the headers of chunks,
and of the pools of a Python, are looked at, and none of their contents is kept. Pages that are not resident are not
read.

A running process continues meanwhile. An arena that could not be read to its end is read again, and if that fails too,
marked as torn. A core file stands still: its books are read from what was dumped, and the table has what was dumped
and what was left out.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> $$',
    '<%= config.bin %> <%= command.id %> $$ --json',
    '<%= config.bin %> <%= command.id %> $$ --children',
    '<%= config.bin %> <%= command.id %> $$ --max-rate 100M',
  ];

  static override args = {
    target: Args.string({
      description: 'a PID, the name of a process or of several, or a core file',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    all: Flags.boolean({description: 'print every arena and process, however many'}),
    children: Flags.boolean({description: 'the process and its descendants, each, and what they have together'}),
    'max-rate': Flags.string({
      description:
        'read at most this much memory a second; 500 MB by default, less where the process maps memory all the time',
      helpValue: '<size>',
    }),
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(Heap);
    this.begin(flags);
    const maxRate = Math.max(1, given(flags['max-rate'], parseSize) ?? USUAL_RATE);
    const heap = await lookAtHeap(args.target, {root: flags['proc-root'], maxRate, children: flags.children});
    if (heap instanceof HeapFamily) for (const member of heap.members) this.remark(member.heap.snapshot);
    else this.remark(heap.snapshot);
    for (const note of heap.notes) say(`memmap: ${safe(note)}`);
    const code = heap.isWhole ? EXIT.done : EXIT.incomplete;
    const look = {width: this.width, rows: flags.all ? undefined : this.rows};
    if (flags.json) return this.print(heap.toJSON(), code);
    return this.print(heap instanceof HeapFamily ? renderHeapFamily(heap, look) : renderHeap(heap, look), code);
  }
}
