import {brk} from './brk.ts';
import {Trouble} from '../model/trouble.ts';
import type {Lesson} from './lesson.ts';

/** All lessons, in the order in which they are best taken. */
export const LESSONS: readonly Lesson[] = [brk];

/** @throws Trouble `usage` with the names there are */
export function lessonNamed(name: string): Lesson {
  const lesson = LESSONS.find((each) => each.name === name);
  if (lesson) return lesson;
  const names = LESSONS.map((each) => each.name).join(', ');
  throw new Trouble(
    'usage',
    `There is no lesson "${name}".`,
    `the lessons are: ${names}.`,
    'List them with: memmap demo',
  );
}

/** The list of lessons as a document. */
export const lessonsJSON = (): Record<string, unknown> => ({
  schema: 'memmap.lessons/1',
  lessons: LESSONS.map(({name, title, teaches}) => ({lesson: name, title, teaches})),
});
