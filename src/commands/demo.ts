import {readFileSync} from 'node:fs';
import {Args, Flags} from '@oclif/core';
import {BaseCommand, type FlagsOf} from './base.ts';
import {force, ifThere} from './flags.ts';
import {EXIT, exitOfSignal} from '../shell/exit.ts';
import {say} from '../shell/output.ts';
import {saveExecutable} from '../shell/file.ts';
import {interruption, unlessInterrupted} from '../shell/signals.ts';
import {renderSurvey, surveyJSON, surveyRows} from '../features/lessons/survey.ts';
import {epilogue, keepWaiting, renderLessons, storyteller, waitForEnter} from '../features/lessons/text.ts';
import type {Lesson} from '../features/lessons/lesson.ts';
import {lessonJSON, silently, teach, type LessonResult} from '../features/lessons/teach.ts';
import {LESSONS, lessonNamed, lessonsJSON} from '../features/lessons/catalogue.ts';
import {helperFile} from '../features/lessons/helper.ts';
import {listLesson, renderListing} from '../features/lessons/listing.ts';
import {Trouble} from '../model/trouble.ts';
import {safe} from '../text/safe.ts';
import {prose} from './prose.ts';

export default class Demo extends BaseCommand {
  static override summary = 'run a lesson: a small program does one thing to its memory, and you see what';
  static override description = prose`
A lesson starts a helper program of a few hundred bytes of code, says what it is about to do and what should change,
lets it do that, shows what did change, and says why. Without a name it lists the lessons.

Exits with 1 if the kernel did something other than predicted, or can't do what the lesson shows (that is reported).`;

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> brk',
    '<%= config.bin %> <%= command.id %> cow --json',
    '<%= config.bin %> <%= command.id %> --all',
    '<%= config.bin %> <%= command.id %> brk --listing --arch arm64',
    '<%= config.bin %> <%= command.id %> brk --emit brk-helper',
  ];

  static override args = {
    lesson: Args.string({description: 'the lesson to run', ignoreStdin: true}),
  };

  static override flags = {
    all: Flags.boolean({
      description: 'run all lessons, and show a table of what was predicted and what was observed',
      exclusive: ['step', 'keep', 'emit', 'listing', 'arch'],
    }),
    step: Flags.boolean({description: 'wait for Enter before each step'}),
    keep: Flags.boolean({description: 'leave the helper waiting at the end, to look at it from another terminal'}),
    emit: Flags.string({description: "write the lesson's helper to a file, to run it by hand", helpValue: '<file>'}),
    force,
    listing: Flags.boolean({description: "show the helper's instructions, with what they are for"}),
    arch: Flags.string({
      description: 'the processor that --emit and --listing are for; by default this one',
      options: ['x64', 'arm64', 'riscv64'],
    }),
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(Demo);
    this.begin(flags);
    if (flags.all && args.lesson === undefined) return this.all(flags.json);
    const unclear = unclearWords(args.lesson, flags);
    if (unclear) throw unclear;
    if (args.lesson === undefined) return this.print(flags.json ? lessonsJSON() : renderLessons(LESSONS, this.width));
    const lesson = lessonNamed(args.lesson);
    if (flags.emit !== undefined) return emitHelper(helperFile(lesson.name, flags.arch), flags.emit, flags);
    if (flags.listing) return this.print(renderListing(listLesson(lesson, flags.arch ?? process.arch), this.width));
    return this.teach(lesson, flags);
  }

  private async teach(lesson: Lesson, flags: FlagsOf<typeof Demo>): Promise<number> {
    const interrupted = interruption();
    const pause = flags.step ? () => waitForEnter(interrupted) : undefined;
    const teacher = flags.json ? silently : storyteller(lesson, this.width, pause);
    const beforeEnd = flags.keep ? (pid: number) => keepWaiting(pid, interrupted) : undefined;
    const options = {root: flags['proc-root'], beforeEnd, signal: interrupted.signal};
    const result = await teach(lesson, teacher, options).catch((error: unknown) =>
      unlessInterrupted(error, interrupted),
    );
    interrupted.dispose();
    const code = exitCodeOf(result, interrupted.received());
    if (!result || interrupted.received()) return code;
    return this.print(flags.json ? lessonJSON(result) : epilogue(result, this.width), code);
  }

  /** Every lesson, one after the other: what was predicted, and whether the kernel did it. */
  private async all(isJson: boolean): Promise<number> {
    const results: LessonResult[] = [];
    for (const lesson of LESSONS) results.push(await teach(lesson, silently));
    const document = () => ({schema: 'memmap.lessons/1', lessons: results.map(surveyJSON)});
    const code = results.every(({ok, unsupported}) => ok || unsupported !== undefined) ? EXIT.done : EXIT.no;
    return this.print(isJson ? document() : renderSurvey(results.flatMap(surveyRows), this.width), code);
  }
}

function exitCodeOf(result: LessonResult | undefined, signal: NodeJS.Signals | undefined): number {
  if (signal) return exitOfSignal(signal);
  return result?.ok ? EXIT.done : EXIT.no;
}

/** The helper works by hand too: it prints its PID, and Enter is the next step. */
function emitHelper(helper: string, path: string, flags: {readonly force: boolean}): number {
  saveExecutable(path, readFileSync(helper), ifThere(flags));
  say(`Wrote ${safe(path)}. Run it: it prints its PID, and Enter is the next step.`);
  return EXIT.done;
}

/** What was asked for makes no sense together; undefined if it does. */
function unclearWords(lesson: string | undefined, flags: FlagsOf<typeof Demo>): Trouble | undefined {
  const {all, arch, emit, listing, force: isForced} = flags;
  const ofOne = (['step', 'keep', 'emit', 'listing', 'arch'] as const).find((name) => flags[name]);
  const refused = (what: string, why: string, next: string): Trouble => new Trouble({kind: 'usage', what, why, next});
  if (all)
    return refused('A lesson and --all were both given.', '--all runs all of them.', 'Leave out one of the two.');
  if (lesson === undefined && ofOne) {
    const words = ofOne === 'emit' ? '--emit FILE' : ofOne === 'arch' ? `--listing --arch ${arch}` : `--${ofOne}`;
    return refused(`--${ofOne} needs a lesson.`, 'it is for one of them.', `For example: memmap demo brk ${words}`);
  }
  if (arch !== undefined && emit === undefined && !listing)
    return refused(
      '--arch needs --emit or --listing.',
      'a lesson runs on this machine only.',
      `memmap demo ${lesson} --listing --arch ${arch}`,
    );
  if (isForced && emit === undefined)
    return refused(
      '--force needs --emit.',
      'no other file is written.',
      `memmap demo ${lesson ?? 'brk'} --emit FILE --force`,
    );
  return undefined;
}
