import {Flags} from '@oclif/core';
import {BaseCommand} from './base.ts';
import {fileOf, force, ifThere, output, RECORDING_ARG} from './flags.ts';
import {EXIT} from '../shell/exit.ts';
import {inBatches, say, writePieces} from '../shell/output.ts';
import {looksOf, withRecording} from '../features/report/source.ts';
import {refuseIfThere, saveParts} from '../shell/file.ts';
import {csv} from '../features/export/csv.ts';
import {exportedOf, type Exported} from '../features/export/exported.ts';
import {exportJSON} from '../features/export/json.ts';
import {openmetrics} from '../features/export/openmetrics.ts';
import {perfetto} from '../features/export/perfetto.ts';
import {sizeText} from '../model/amounts.ts';
import {jsonPieces} from '../text/json.ts';
import {safe} from '../text/safe.ts';

const FORMATS: Readonly<Record<string, (exported: Exported) => Iterable<string>>> = {
  perfetto,
  csv,
  openmetrics,
  json: (exported) => jsonPieces(exportJSON(exported)),
};

export default class ExportCommand extends BaseCommand {
  static override summary = 'write a recording in the format of another tool: trace, table or metrics';
  static override description =
    `Totals by kind of memory over time, in bytes: for ui.perfetto.dev ` +
    `(perfetto), for a spreadsheet or pandas (csv), for a backfill of Prometheus (openmetrics: promtool tsdb ` +
    `create-blocks-from openmetrics FILE), or as memmap's own document (json, or --json).`;

  static override examples = [
    '<%= config.bin %> record $$ --for 2s -o shell.jsonl',
    '<%= config.bin %> <%= command.id %> shell.jsonl --format perfetto -o shell.trace.json',
    '<%= config.bin %> <%= command.id %> shell.jsonl --format csv | head -3',
    '<%= config.bin %> <%= command.id %> shell.jsonl --format openmetrics -o shell.om',
    `<%= config.bin %> <%= command.id %> shell.jsonl --json | jq '.times | length'`,
  ];

  static override args = {
    recording: RECORDING_ARG,
  };

  static override flags = {
    format: Flags.string({
      description: 'the format to write; csv by default',
      options: Object.keys(FORMATS),
      exclusive: ['json'],
    }),
    output: output('the file to write; without it, or with -, standard output'),
    force,
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(ExportCommand);
    this.begin(flags);
    const format = FORMATS[flags.json ? 'json' : (flags.format ?? 'csv')]!;
    const file = fileOf(flags.output);
    if (file !== undefined) refuseIfThere(file, ifThere(flags));
    const {made, isWhole} = await withRecording(args.recording, (recording, {startedAt}) =>
      exportedOf(startedAt, looksOf(recording, 'Reading')),
    );
    if (file === undefined) await writePieces(inBatches(format(made)));
    else say(`Saved to ${safe(file)}: ${sizeText(saveParts(file, format(made), ifThere(flags)))}.`);
    return isWhole ? EXIT.done : EXIT.incomplete;
  }
}
