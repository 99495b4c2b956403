import {BaseCommand} from './base.ts';
import {fileOf, force, ifThere, output, RECORDING_ARG} from './flags.ts';
import {EXIT} from '../shell/exit.ts';
import {say, writeOut} from '../shell/output.ts';
import {pageTemplate, readReport} from '../features/report/source.ts';
import {refuseIfThere, saveFile} from '../shell/file.ts';
import {isTerminal} from '../shell/terminal.ts';
import {sizeText} from '../model/amounts.ts';
import {Trouble} from '../model/trouble.ts';
import {pageOf} from '../features/report/html.ts';
import {reportJSON} from '../features/report/json.ts';
import {packReport} from '../features/report/pack.ts';
import {safe} from '../text/safe.ts';
import {prose} from './prose.ts';

export default class ReportCommand extends BaseCommand {
  static override summary = 'make a page of a recording: what happened, with charts and all changes';
  static override description = prose`
Writes one HTML file that any browser opens from disk: it loads nothing, and everything is in it. First what happened in
words, then memory over time by kind, the address space as a picture with a slider for the time, what grew, and the
changes to search through; of a recording made with --cause, a flame graph of who mapped and touched it.

With --json the same as data.`;

  static override examples = [
    '<%= config.bin %> record $$ --for 2s -o shell.jsonl',
    '<%= config.bin %> <%= command.id %> shell.jsonl -o shell.html',
    '<%= config.bin %> <%= command.id %> shell.jsonl -o - > shell.html',
    `<%= config.bin %> <%= command.id %> shell.jsonl --json | jq -r '.summary[]'`,
  ];

  static override args = {
    recording: RECORDING_ARG,
  };

  static override flags = {
    output: output('the file to write, or - for standard output', ['json']),
    force,
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(ReportCommand);
    this.begin(flags);
    if (!flags.json && flags.output === undefined && isTerminal(1)) throw noPlace(args.recording);
    const file = fileOf(flags.output);
    if (file !== undefined) refuseIfThere(file, ifThere(flags));
    const {made: report, isWhole} = await readReport(args.recording);
    const code = isWhole ? EXIT.done : EXIT.incomplete;
    if (flags.json) return this.print(reportJSON(report), code);
    const html = pageOf(pageTemplate(), packReport(report));
    if (file === undefined) return writeOut(html).then(() => code);
    saveFile(file, html, ifThere(flags));
    say(`Saved to ${safe(file)}: ${sizeText(Buffer.byteLength(html))}. Open it in a browser.`);
    return code;
  }
}

const noPlace = (recording: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: 'There is nowhere to write the page.',
    why: 'an HTML page cannot be read on a terminal.',
    next: `memmap report ${recording} -o page.html`,
  });
