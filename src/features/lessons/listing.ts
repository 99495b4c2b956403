import type {CodeLine} from '../../elf/assemble.ts';
import {Trouble} from '../../model/trouble.ts';
import {listHelper} from './program/build.ts';
import {programOf, type Lesson} from './lesson.ts';
import {MACHINES} from './program/machines.ts';
import {address} from '../../model/region.ts';
import {wrapped} from '../../text/lines.ts';
import type {Role} from '../../text/theme.ts';
import {renderRows, type Cell, type Column} from '../../text/table.ts';

/**
 * A lesson's helper, instruction by instruction, with what each is for.
 *
 * @throws Trouble `input` if lessons are not built for the architecture
 */
export function listLesson(lesson: Lesson, architecture: string): readonly CodeLine[] {
  const machine = MACHINES.find((each) => each.architecture === architecture);
  if (machine) return listHelper(programOf(lesson), machine);
  const known = MACHINES.map((each) => each.architecture).join(', ');
  throw new Trouble({
    kind: 'input',
    what: `Cannot list the lesson for ${architecture}.`,
    why: `helpers are built for ${known}.`,
    next: 'Choose one with --arch.',
  });
}

/** One instruction, or the name of what follows. */
interface ListedLine {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly name?: string;
  readonly text?: string;
  readonly words?: string;
}

/** What a helper's functions are for. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  _start: 'reads the argument: the PID of the process that it dies with',
  main: 'prints its PID, then does the steps, waiting before each',
  wait: 'waits for one byte on standard input; exits at its end',
  die_with_parent: 'asks the kernel for a signal when the parent dies, and checks that it is still there',
  leave: 'exits with 0',
  orphan: 'exits with 1: the parent is gone',
  say: 'writes a line: a text and a number',
};

/** A line of its own, whatever the columns. */
const alone = (text: string, role?: Role): Cell => ({text, role, length: 0});

const COLUMNS: readonly Column[] = [
  {title: 'address'},
  {title: 'bytes', least: 120},
  {title: 'instruction'},
  {title: 'what it is for', gives: 'wrap'},
];

/** A program as its machine sees it, and as it is meant: addresses, bytes, instructions, and what they are for. */
export function renderListing(lines: readonly ListedLine[], width?: number): string {
  const rows = lines.flatMap(({address: at, bytes, name, text = '', words = ''}): Cell[][] => {
    if (name !== undefined) {
      return [
        [alone('')],
        [alone(`${address(at)} <${name}>:`, 'title')],
        ...wrapped(FUNCTIONS[name] ?? '', width && width - 2).map((line) => [alone(`  ${line}`, 'quiet')]),
      ];
    }
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    return [
      [{text: `  ${at.toString(16)}`}, {text: hex, role: 'quiet'}, {text}, {text: words && `; ${words}`, role: 'come'}],
    ];
  });
  return `${renderRows(COLUMNS, rows, width).join('\n')}\n`;
}
