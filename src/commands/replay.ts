import {Args, Flags} from '@oclif/core';
import {BaseCommand} from './base.ts';
import {EXIT, exitOfSignal} from '../shell/exit.ts';
import {RecordedCauses} from '../features/cause/recorded/replayed.ts';
import {regionPages} from '../features/explain/pages.ts';
import {momentRows, momentsJSON, renderMoments} from '../features/replay/moments.ts';
import {rangeOf, speedOf} from '../features/replay/range.ts';
import {replay, replayLines} from '../features/replay/replay.ts';
import {openRecording} from '../input/open.ts';
import {faultsOf} from '../input/recorded.ts';
import {tellAll} from '../features/watch/events.ts';
import {jsonSink} from '../features/watch/sinks.ts';
import {replayOnScreen} from '../features/replay/screen.ts';
import {interruption, type Interruption} from '../shell/signals.ts';
import type {Recording} from '../recording/recording.ts';
import {prose} from './prose.ts';

export default class Replay extends BaseCommand {
  static override summary = 'show a recording again, as it happened';
  static override description = prose`
On a terminal it is the screen of watch, where you can pause, step back and forth, and go to any moment (? lists the
keys). Into a pipe it prints one line per change, with the time of day at which it happened, as fast as it can; with
--json the events of watch --json. --moments lists the moments.

Of a recording that was made with --cause, the calls of each change and their stack stand below it, and at the end who
mapped what.

Moments are named as in FILE#12: by number, by first, last or the name of a mark, by the time since the beginning
(+30s), or by the clock (14:03:20).`;

  static override examples = [
    '<%= config.bin %> record $$ -o moments.jsonl --count 5 --interval 100ms',
    '<%= config.bin %> <%= command.id %> moments.jsonl --moments',
    '<%= config.bin %> <%= command.id %> moments.jsonl',
    '<%= config.bin %> <%= command.id %> moments.jsonl --from +100ms --to last --speed 4',
    '<%= config.bin %> <%= command.id %> moments.jsonl --json',
  ];

  static override args = {
    file: Args.string({description: 'a recording, or - for standard input', required: true, ignoreStdin: true}),
  };

  static override flags = {
    moments: Flags.boolean({description: 'list the moments'}),
    from: Flags.string({description: 'the first moment', default: 'first', helpValue: '<moment>'}),
    to: Flags.string({description: 'the last moment', default: 'last', helpValue: '<moment>'}),
    speed: Flags.string({
      description: 'how many times as fast as it happened; 1 by default on a terminal',
      helpValue: '<factor>',
    }),
    frames: Flags.string({
      description:
        "of a recording made with --cause: stacks without the functions of allocators, the loader and libc's " +
        'start, or all',
      options: ['own', 'all'],
    }),
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(Replay);
    this.begin(flags);
    const speed = speedOf(flags.speed);
    const recording = await openRecording(args.file);
    try {
      const isWhole = this.remarkOn(recording, args.file);
      const range = rangeOf(recording, args.file, flags);
      const code = isWhole ? EXIT.done : EXIT.incomplete;
      if (flags.moments) return await this.list(recording, range, flags.json, code);
      const causes = RecordedCauses.read(recording, args.file, flags.frames === 'all' ? 'all' : 'own');
      const signal = await this.play(recording, {...range, speed, name: args.file, causes}, flags.json);
      return signal ? exitOfSignal(signal) : code;
    } finally {
      recording.close();
    }
  }

  /** @returns is there nothing wrong with it? */
  private remarkOn(recording: Recording, name: string): boolean {
    const faults = faultsOf(recording, name);
    this.remark({...faults, source: {name}});
    return faults.rejected.length === 0;
  }

  private list(
    recording: Recording,
    {from, to}: Pick<Range, 'from' | 'to'>,
    isJson: boolean,
    code: number,
  ): Promise<number> {
    const rows = momentRows(recording, from, to);
    return this.print(isJson ? momentsJSON(recording, rows) : renderMoments(rows, this.width), code);
  }

  /** @returns the signal that ended it */
  private async play(recording: Recording, options: Range, isJson: boolean): Promise<NodeJS.Signals | undefined> {
    const interrupted = interruption();
    try {
      if (!isJson && this.canDraw)
        await replayOnScreen(
          recording,
          {...options, speed: options.speed ?? 1},
          interrupted,
          regionPages(),
          options.causes,
        );
      else await this.tell(recording, options, isJson, interrupted);
      return interrupted.received();
    } finally {
      interrupted.dispose();
    }
  }

  private async tell(recording: Recording, options: Range, isJson: boolean, {signal}: Interruption): Promise<void> {
    const sink = isJson ? jsonSink() : replayLines(recording, this.width);
    await tellAll(replay(recording, {...options, signal}), sink);
  }
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly speed: number | undefined;
  readonly name: string;
  readonly causes: RecordedCauses | undefined;
}
