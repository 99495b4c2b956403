import type {Seen} from '../../history/seen.ts';

/** Something that happened to the process as a whole, or a mark. */
export interface ReportEvent {
  readonly look: number;
  readonly kind: 'exec' | 'exit' | 'mark';
  readonly text: string;
}

/** @param look its number, from 0 */
export function eventsOf({event, marks = [], snapshot}: Seen, look: number): ReportEvent[] {
  const program = snapshot.process.exe ?? snapshot.process.comm ?? 'another program';
  const texts = {exec: `It became ${program} (execve): all of its memory is new.`, exit: 'The process ended.'};
  return [
    ...(event ? [{look, kind: event, text: texts[event]}] : []),
    ...marks.map((mark) => ({look, kind: 'mark' as const, text: `Mark: ${mark}`})),
  ];
}
