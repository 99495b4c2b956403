import {Args, Flags} from '@oclif/core';
import {BaseCommand, type FlagsOf} from './base.ts';
import {fileOf, force, ifThere, output} from './flags.ts';
import {EXIT} from '../shell/exit.ts';
import {inBatches, say, writePieces} from '../shell/output.ts';
import {looksOf, withRecording} from '../features/report/source.ts';
import {refuseIfThere, saveEach, saveFile, saveParts} from '../shell/file.ts';
import {csv} from '../features/export/csv.ts';
import {exportedOf, type Exported} from '../features/export/exported.ts';
import {exportJSON} from '../features/export/json.ts';
import {flameStacks} from '../features/cause/flame.ts';
import {FLAME_MEASURES, type FlameMeasure} from '../features/cause/measures.ts';
import {folded, speedscope} from '../features/export/flame.ts';
import {pprof} from '../features/export/pprof.ts';
import {sharesIn} from '../features/export/shares.ts';
import {openmetrics} from '../features/export/openmetrics.ts';
import {perfetto} from '../features/export/perfetto.ts';
import {TRACE} from '../features/export/packed-smaps.ts';
import {momentIn, regionProfile} from '../features/export/region-profile.ts';
import {ROWS} from '../features/export/rows.ts';
import {exportsOf} from '../features/export/targets.ts';
import {sizeText} from '../model/amounts.ts';
import {Trouble} from '../model/trouble.ts';
import {jsonPieces} from '../text/json.ts';
import {safe} from '../text/safe.ts';

const FORMATS: Readonly<Record<string, (exported: Exported) => Iterable<string>>> = {
  perfetto,
  csv,
  openmetrics,
  json: (exported) => jsonPieces(exportJSON(exported)),
};

/** Formats of any number of targets. */
const OF_MANY = ['ndjson', 'perfetto-trace'];

export default class ExportCommand extends BaseCommand {
  static override summary = "write recordings and snapshots in other tools' formats: traces, rows, metrics";
  static override description =
    'Totals by kind of memory over time, in bytes: for ui.perfetto.dev (perfetto), for a spreadsheet or pandas ' +
    '(csv), for a backfill of Prometheus (openmetrics: promtool tsdb create-blocks-from openmetrics FILE), or as ' +
    "memmap's own document (json, or --json).\n\nFor a SQL engine, of any number of recordings, snapshots and " +
    'listings: a JSON object a line for each region at each moment (ndjson), with what was not read as null. Ten ' +
    "queries: docs/sql.md. The same as a trace in Perfetto's own format, with smaps of each region " +
    '(perfetto-trace, with -o). Of a process, a snapshot or FILE#12 pprof is a profile of its memory by kind, file ' +
    'and region.\n\nOf a recording made with --cause, or the events that --cause --json printed: bytes by call ' +
    'stack, for go tool pprof (pprof, with -o), www.speedscope.app (speedscope) or flamegraph.pl (folded): memmap ' +
    'run --cause --record server.jsonl -- ./server; memmap export server.jsonl --format folded | flamegraph.pl > ' +
    'flame.svg';

  static override examples = [
    '<%= config.bin %> record $$ --for 2s -o shell.jsonl',
    '<%= config.bin %> <%= command.id %> shell.jsonl --format perfetto -o shell.trace.json',
    '<%= config.bin %> <%= command.id %> shell.jsonl --format csv | head -3',
    '<%= config.bin %> <%= command.id %> shell.jsonl --format openmetrics -o shell.om',
    '<%= config.bin %> <%= command.id %> shell.jsonl before.txt --format ndjson -o rows.ndjson',
    '<%= config.bin %> <%= command.id %> shell.jsonl --format perfetto-trace -o shell.pftrace',
    '<%= config.bin %> <%= command.id %> $$ --format pprof -o shell.pb',
    `<%= config.bin %> <%= command.id %> shell.jsonl --json | jq '.times | length'`,
  ];

  static override args = {
    recording: Args.string({
      description:
        'a recording, made with memmap record; with --format ndjson and perfetto-trace also snapshots and ' +
        'listings, any number of them',
      required: true,
      multiple: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    format: Flags.string({
      description: 'the format to write; csv by default',
      options: [...Object.keys(FORMATS), ...OF_MANY, 'pprof', 'speedscope', 'folded'],
      exclusive: ['json'],
    }),
    measure: Flags.string({
      description:
        'of causes: bytes that were mapped, touched (with --touched), are still there (kept, the default), or were ' +
        'there at the peak',
      options: [...FLAME_MEASURES],
    }),
    frames: Flags.string({
      description: "of causes: without the functions of allocators, the loader and libc's start, or all",
      options: ['own', 'all'],
    }),
    output: output('the file to write; without it, or with -, standard output'),
    force,
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(ExportCommand);
    this.begin(flags);
    const {format: wanted = flags.json ? 'json' : 'csv'} = flags;
    const format = FORMATS[wanted];
    const isOfMany = OF_MANY.includes(wanted);
    const isOfCauses = !format && !isOfMany;
    if (!isOfCauses && (flags.measure !== undefined || flags.frames !== undefined)) throw onlyOfCauses(wanted);
    const file = fileOf(flags.output);
    if (file !== undefined) refuseIfThere(file, ifThere(flags));
    if (isOfMany) return this.many(args.recording, wanted, file, flags);
    const [path, ...more] = args.recording as [string, ...string[]];
    if (more.length > 0) throw onlyOne(wanted);
    if (!format) return this.causes(path, wanted, flags);
    const {made, isWhole} = await withRecording(path, (recording, {startedAt}) =>
      exportedOf(startedAt, looksOf(recording, 'Reading')),
    );
    if (file === undefined) await writePieces(inBatches(format(made)));
    else say(`Saved to ${safe(file)}: ${sizeText(saveParts(file, format(made), ifThere(flags)))}.`);
    return isWhole ? EXIT.done : EXIT.incomplete;
  }

  /** A row, or a packet, for each region and moment. */
  private async many(
    targets: readonly string[],
    wanted: string,
    file: string | undefined,
    flags: FlagsOf<typeof ExportCommand>,
  ): Promise<number> {
    const root = flags['proc-root'];
    if (file === undefined && wanted !== 'ndjson') throw needsFile('A trace', 'app.pftrace');
    const rows = exportsOf(targets, ROWS, root);
    const made = wanted === 'ndjson' ? rows : exportsOf<string | Uint8Array>(targets, TRACE, root);
    if (file === undefined) for await (const parts of rows.parts) await writePieces(inBatches(parts));
    else say(`Saved to ${safe(file)}: ${sizeText(await saveEach(file, made.parts, ifThere(flags)))}.`);
    return made.isWhole() ? EXIT.done : EXIT.incomplete;
  }

  /** One moment by kind, file and region. @returns undefined if it is not one */
  private async regions(path: string, file: string, flags: FlagsOf<typeof ExportCommand>): Promise<number | undefined> {
    const snapshot = await momentIn(path, flags['proc-root']);
    const profile = snapshot && regionProfile(snapshot);
    if (!profile) return undefined;
    this.remark(snapshot);
    saveFile(file, profile, ifThere(flags));
    say(`Saved to ${safe(file)}: ${sizeText(profile.length)}.`);
    return this.codeFor([snapshot]);
  }

  /** Bytes by call stack. */
  private async causes(path: string, format: string, flags: FlagsOf<typeof ExportCommand>): Promise<number> {
    const {measure = 'kept', frames} = flags;
    const file = fileOf(flags.output);
    if (file === undefined && format === 'pprof') throw needsFile('A pprof profile', 'profile.pb');
    const isOfMoment = format === 'pprof' && flags.measure === undefined && flags.frames === undefined;
    const code = isOfMoment ? await this.regions(path, file!, flags) : undefined;
    if (code !== undefined) return code;
    const shares = sharesIn(path);
    const stacks = flameStacks(shares, measure as FlameMeasure, frames === 'all' ? 'all' : 'own');
    if (format === 'pprof') {
      const profile = pprof(stacks, measure);
      saveFile(file!, profile, ifThere(flags));
      say(`Saved to ${safe(file!)}: ${sizeText(profile.length)}.`);
      return EXIT.done;
    }
    const text = format === 'folded' ? folded(stacks) : [speedscope(stacks, measure)];
    if (file === undefined) await writePieces(inBatches(text));
    else say(`Saved to ${safe(file)}: ${sizeText(saveParts(file, text, ifThere(flags)))}.`);
    return EXIT.done;
  }
}

const onlyOne = (format: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `${format} is made of one recording.`,
    why: 'more than one file was given.',
    next: `Export one after the other; ${OF_MANY.join(' and ')} take any number.`,
  });

const needsFile = (what: string, name: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `${what} needs a file.`,
    why: 'it is binary, and is not written to standard output.',
    next: `Name a file: -o ${name}`,
  });

const onlyOfCauses = (format: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `--measure and --frames say nothing of ${format}.`,
    why: 'they are about call stacks.',
    next: 'Use them with --format pprof, speedscope or folded.',
  });
