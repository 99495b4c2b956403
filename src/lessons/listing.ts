import type {Line} from '../elf/assemble.ts';
import {Trouble} from '../model/trouble.ts';
import {listHelper} from './build.ts';
import {programOf, type Lesson} from './lesson.ts';
import {MACHINES} from './machines.ts';

/**
 * A lesson's helper, instruction by instruction, with what each is for.
 *
 * @throws Trouble `input` if lessons are not built for the architecture
 */
export function listLesson(lesson: Lesson, architecture: string): readonly Line[] {
  const machine = MACHINES.find((each) => each.architecture === architecture);
  if (machine) return listHelper(programOf(lesson), machine);
  const known = MACHINES.map((each) => each.architecture).join(', ');
  throw new Trouble(
    'input',
    `Cannot list the lesson for ${architecture}.`,
    `helpers are made for ${known}.`,
    'Choose one with --arch.',
  );
}
