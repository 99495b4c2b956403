import {Args, Flags} from '@oclif/core';
import {BaseCommand} from './base.ts';
import {maxStall} from './flags.ts';
import {parseDuration} from '../shell/values.ts';
import {EXIT} from '../shell/exit.ts';
import {explainPlace, head, noAddress} from '../features/explain/place.ts';
import {lookAt, type Looked} from '../features/explain/target.ts';
import {argumentOf, type Argument} from '../features/explain/argument.ts';
import {wordListJSON, wordsJSON} from '../features/explain/glossary/json.ts';
import {renderUnknown, renderWordList, renderWords} from '../features/explain/glossary/text.ts';
import {openIfCore} from '../input/core.ts';
import {Trouble} from '../model/trouble.ts';
import {say} from '../shell/output.ts';
import {oomJSON} from '../features/explain/oom/json.ts';
import {renderOom} from '../features/explain/oom/text.ts';
import {storyJSON, storyOf} from '../features/explain/story.ts';
import {renderStory} from '../features/explain/text.ts';
import {prose} from './prose.ts';

export default class Explain extends BaseCommand {
  static override summary = 'say in words what a process, a region, an address, or a word of the kernel is';
  static override description = prose`
With a target: the story of its address space in a page. With a target and a place (an address, a range as maps prints
it, or a name such as [heap] or libc.so.6): what is there, down to the section and symbol of the file, and in a
recording made with --cause which call had mapped the address, and, with --touched, who touched it. With a word (Pss,
VmData, nr, relro, rw-p, [heap], touched): what it means, in which unit, what surprises people, since which kernel, and
where to read on; this reads no process. Without arguments: all words.

With a log of the kernel (dmesg | memmap explain -, journalctl -k, syslog): each report of the OOM killer in it: who was
killed and why, how much memory each task had, and where the rest was.

A PID, a file or - is read as a target. Anything else that is in memmap's list of words is explained; only then is it
taken for the name of a process. --word takes it for a word; for a process that has the name of a word, give its PID.

Exits with 1 for a two-letter code that memmap does not know.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> $$',
    '<%= config.bin %> <%= command.id %> $$ "[heap]"',
    '<%= config.bin %> <%= command.id %> $$ libc.so.6',
    '<%= config.bin %> <%= command.id %> $$ 0xffffffffff600000',
    'cat /proc/$$/smaps | <%= config.bin %> <%= command.id %> -',
    '<%= config.bin %> <%= command.id %> Private_Dirty',
    '<%= config.bin %> <%= command.id %> nr',
    '<%= config.bin %> <%= command.id %> -- ---p',
    '<%= config.bin %> <%= command.id %>',
  ];

  static override args = {
    target: Args.string({
      description: 'a PID, a file, - for standard input, the name of a process; or a word',
      ignoreStdin: true,
    }),
    place: Args.string({description: 'an address, a range, or the name of a region', ignoreStdin: true}),
  };

  static override flags = {
    word: Flags.boolean({description: 'take it for a word, even if a file or a process has the same name'}),
    heap: Flags.boolean({
      description: 'say which chunk of malloc the address is in, too; this reads the memory of the process',
    }),
    all: Flags.boolean({description: "of a report of the kernel's OOM killer, every task"}),
    'max-stall': maxStall('reading may hold up the process'),
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(Explain);
    this.begin(flags);
    const {target, place} = args;
    if (target === undefined) return this.print(flags.json ? wordListJSON() : renderWordList(this.width));
    const root = flags['proc-root'];
    const argument = argumentOf(target, {isWord: flags.word, hasPlace: place !== undefined, root});
    if (argument.is !== 'target') return this.word(target, argument, flags.json);
    if (argument.isWordToo) say(`memmap: ${target} is a file here. For the word: memmap explain --word ${target}`);
    const options = {root, maxStall: parseDuration(flags['max-stall'])};
    const looked = await lookAt(target, options);
    if ('oom' in looked) {
      if (place !== undefined || flags.heap) throw noPlace(target);
      const isWhole = looked.oom.every(({isCut}) => !isCut);
      return this.print(
        flags.json
          ? oomJSON(looked.oom, looked.name)
          : renderOom(looked.oom, {width: this.width, rows: flags.all ? undefined : MOST_TASKS}),
        isWhole ? EXIT.done : EXIT.incomplete,
      );
    }
    const core = flags.heap ? await openIfCore(target) : undefined;
    try {
      return await this.tell({...looked, core}, place, flags);
    } finally {
      core?.close();
      looked.handle?.close();
    }
  }

  private word(asked: string, argument: Exclude<Argument, {is: 'target'}>, isJson: boolean): Promise<number> {
    if (argument.is === 'unknown')
      return this.print(isJson ? wordsJSON(asked, []) : renderUnknown(asked, this.width), EXIT.no);
    const {words} = argument;
    return this.print(isJson ? wordsJSON(asked, words) : renderWords(words, this.width));
  }

  private tell(
    looked: Looked,
    place: string | undefined,
    {json: isJson, heap: isHeap}: {readonly json: boolean; readonly heap: boolean},
  ): Promise<number> {
    const {snapshot} = looked;
    this.remark(snapshot);
    const code = this.codeFor([snapshot]);
    if (place !== undefined) {
      const answer = explainPlace(looked, place, isHeap);
      return this.print(isJson ? answer.json() : answer.text(this.width), code);
    }
    if (isHeap) throw noAddress();
    const story = storyOf(snapshot, looked.name);
    const document = (): object => ({...head(snapshot, 'process'), totals: snapshot.knownTotals, ...storyJSON(story)});
    return this.print(isJson ? document() : renderStory(snapshot, story, this.width), code);
  }
}

/** Tasks of a report that are shown: those with the most memory. */
const MOST_TASKS = 12;

const noPlace = (log: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `${log} has no places.`,
    why: "it holds reports of the kernel's OOM killer, which have no regions.",
    next: `Leave the second argument and --heap out: memmap explain ${log}`,
  });
