import {Trouble} from '../../model/trouble.ts';
import {jsonLinePieces} from '../../text/json.ts';
import {say, writeOut, writePieces} from '../../shell/output.ts';
import {safe} from '../../text/safe.ts';
import type {Family, Round} from './family.ts';
import type {MetricsFile} from './file.ts';
import type {MetricGrouping} from './groups.ts';
import {metricsJSON} from './json.ts';
import {expositionOf} from './text.ts';

/** Who receives the metrics of each round. */
export interface MetricsSink {
  /** What it has to say of itself, in the next round. */
  families?(): readonly Family[];
  tell(round: Round): Promise<void> | void;
  /** No more come. @returns is all of it where it belongs? */
  end?(): Promise<boolean>;
}

/** Standard output: one text after another. */
export const textSink = (): MetricsSink => ({tell: ({families}) => writeOut(expositionOf(families))});

/** Standard output: one document `memmap.metrics/1` a line. */
export const jsonSink = (by: MetricGrouping): MetricsSink => ({
  tell: (round) => writePieces(jsonLinePieces(metricsJSON(round, by))),
});

/**
 * A file that is replaced in each round. That the first one can't be written is an error; later ones are said, and the
 * file keeps the last that could be: its time is in it.
 */
export function fileSink(file: MetricsFile): MetricsSink {
  let written = 0;
  let failure: string | undefined;
  return {
    tell({families}) {
      try {
        file.write(expositionOf(families));
        written++;
        failure = undefined;
      } catch (error) {
        if (written === 0 || !(error instanceof Trouble)) throw error;
        if (failure !== error.why) sayTrouble(error);
        failure = error.why;
      }
    },
    end: () => Promise.resolve(failure === undefined),
  };
}

/** Says what went wrong in a round, after which there are others. */
export const sayTrouble = ({message, why}: Trouble): void => say(`memmap: ${safe(message)} why: ${safe(why)}`);

/** Several at once. */
export const allSinks = (sinks: readonly MetricsSink[]): MetricsSink => ({
  families: () => sinks.flatMap((sink) => sink.families?.() ?? []),
  async tell(round) {
    for (const sink of sinks) await sink.tell(round);
  },
  async end() {
    let isWhole = true;
    for (const sink of sinks) isWhole = ((await sink.end?.()) ?? true) && isWhole;
    return isWhole;
  },
});
