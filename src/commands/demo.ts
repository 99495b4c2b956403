import {Args} from '@oclif/core';
import {BaseCommand} from '../cli/base.ts';
import {EXIT} from '../cli/exit.ts';
import {epilogue, storyteller} from '../cli/storyteller.ts';
import {lessonJSON, silently, teach} from '../cli/teach.ts';
import {LESSONS, lessonNamed, lessonsJSON} from '../lessons/catalogue.ts';
import {renderLessons} from '../render/lesson.ts';

export default class Demo extends BaseCommand {
  static override summary = 'run a lesson: a small program does one thing to its memory, and you see what';
  static override description = `A lesson starts a helper program of a few hundred bytes of code, says what it is about to do and what should change, lets it do that, shows what did change, and says why. Without a name it lists the lessons.

Ends with 1 if the kernel did something else than predicted.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> brk',
    '<%= config.bin %> <%= command.id %> brk --json',
  ];

  static override args = {
    lesson: Args.string({description: 'the lesson to run', ignoreStdin: true}),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Demo);
    this.begin(flags);
    if (args.lesson === undefined) {
      return this.print(flags.json, lessonsJSON, () => renderLessons(LESSONS));
    }
    const lesson = lessonNamed(args.lesson);
    const teacher = flags.json ? silently : storyteller(lesson, this.width);
    const result = await teach(lesson, teacher, {root: flags['proc-root']});
    await this.print(flags.json, () => lessonJSON(result), () => epilogue(result)); // prettier-ignore
    process.exitCode = result.ok ? EXIT.done : EXIT.no;
  }
}
