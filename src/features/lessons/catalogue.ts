import {Trouble} from '../../model/trouble.ts';
import {hugepages, madvise, mlock, names} from './taught/advice.ts';
import {merge, mmap, touch} from './taught/anonymous.ts';
import {brk} from './taught/brk.ts';
import {cause} from './taught/cause.ts';
import {file, shared} from './taught/files.ts';
import {cow} from './taught/fork.ts';
import type {Lesson} from './lesson.ts';
import {malloc} from './taught/malloc.ts';
import {maps} from './taught/maps.ts';
import {mremap, stack} from './taught/moving.ts';
import {guard, mprotect, munmap} from './taught/protection.ts';

/** All lessons, in the order in which they are best taken. */
export const LESSONS: readonly Lesson[] = [
  brk,
  maps,
  mmap,
  touch,
  merge,
  mprotect,
  munmap,
  mremap,
  stack,
  guard,
  file,
  shared,
  cow,
  madvise,
  malloc,
  hugepages,
  mlock,
  names,
  cause,
];

/** @throws Trouble `usage` with the names there are */
export function lessonNamed(name: string): Lesson {
  const lesson = LESSONS.find((each) => each.name === name);
  if (lesson) return lesson;
  const known = LESSONS.map((each) => each.name).join(', ');
  throw new Trouble({
    kind: 'usage',
    what: `There is no lesson "${name}".`,
    why: `the lessons are: ${known}.`,
    next: 'List them with: memmap demo',
  });
}

/** The list of lessons as a document. */
export const lessonsJSON = (): Record<string, unknown> => ({
  schema: 'memmap.lessons/1',
  lessons: LESSONS.map(({name, title, teaches}) => ({lesson: name, title, teaches})),
});
