import {Args, Flags} from '@oclif/core';
import {BaseCommand} from './base.ts';
import {say, writeOut} from '../shell/output.ts';
import {pageTemplate, readReport} from '../features/report/source.ts';
import {saveFile} from '../shell/file.ts';
import {sizeText} from '../model/amounts.ts';
import {Trouble} from '../model/trouble.ts';
import {pageOf} from '../features/report/html.ts';
import {reportJSON} from '../features/report/json.ts';
import {packReport} from '../features/report/pack.ts';
import {safe} from '../text/safe.ts';

export default class ReportCommand extends BaseCommand {
  static override summary =
    'make a page of a recording: what happened, charts, the address space over time, all changes';
  static override description = `Writes one HTML file that any browser opens from disk: it loads nothing, and everything is in it. First what happened in words, then memory over time by kind, the address space as a picture with a slider for the time, what grew, and the changes to search through.

With --json the same as data.`;

  static override examples = [
    '<%= config.bin %> record $$ --for 2s -o shell.memmap; <%= config.bin %> <%= command.id %> shell.memmap -o shell.html',
    '<%= config.bin %> <%= command.id %> shell.memmap -o - > shell.html',
    `<%= config.bin %> <%= command.id %> shell.memmap --json | jq -r '.summary[]'`,
  ];

  static override args = {
    recording: Args.string({description: 'a recording, made with memmap record', required: true, ignoreStdin: true}),
  };

  static override flags = {
    output: Flags.string({
      char: 'o',
      description: 'the file to write, or - for standard output',
      helpValue: '<file>',
      exclusive: ['json'],
    }),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(ReportCommand);
    this.begin(flags);
    if (!flags.json && flags.output === undefined && process.stdout.isTTY) throw noPlace(args.recording);
    const report = await readReport(args.recording);
    if (flags.json)
      return this.print(
        true,
        () => reportJSON(report),
        () => '',
      );
    const html = pageOf(pageTemplate(), packReport(report));
    if (flags.output === undefined || flags.output === '-') return writeOut(html);
    saveFile(flags.output, html);
    say(`Saved to ${safe(flags.output)}: ${sizeText(Buffer.byteLength(html))}. Open it in a browser.`);
  }
}

const noPlace = (recording: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: 'There is no place for the page.',
    why: 'a page of HTML on a terminal can not be read.',
    next: `memmap report ${recording} -o page.html`,
  });
