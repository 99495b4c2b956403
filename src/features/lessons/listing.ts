import type {CodeLine} from '../../elf/assemble.ts';
import {Trouble} from '../../model/trouble.ts';
import {listHelper} from './program/build.ts';
import {programOf, type Lesson} from './lesson.ts';
import {MACHINES} from './program/machines.ts';
import {address} from '../../model/region.ts';
import {renderRows, type Cell} from '../../text/table.ts';

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

/** A program as its machine sees it, and as it is meant: addresses, bytes, instructions, and what they are for. */
export function renderListing(lines: readonly ListedLine[]): string {
  const rows = lines.flatMap(({address: at, bytes, name, text = '', words = ''}): Cell[][] => {
    if (name !== undefined) {
      return [
        [],
        [
          {text: `${address(at)} <${name}>:`, role: 'title'},
          {text: ''},
          {text: ''},
          {text: FUNCTIONS[name] ?? '', role: 'quiet'},
        ],
      ];
    }
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    return [
      [{text: `  ${at.toString(16)}`}, {text: hex, role: 'quiet'}, {text}, {text: words && `; ${words}`, role: 'come'}],
    ];
  });
  const columns = [{title: 'address'}, {title: 'bytes'}, {title: 'instruction'}, {title: 'what it is for'}];
  const full = rows.map((row) => columns.map((_, index) => row[index] ?? {text: ''}));
  return `${renderRows(columns, full).join('\n')}\n`;
}
