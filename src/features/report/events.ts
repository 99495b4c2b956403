import type {Seen} from './seen.ts';

/** Something that happened to the process as a whole, or a mark. */
export interface ReportEvent {
  readonly look: number;
  readonly kind: 'exec' | 'exit' | 'mark';
  readonly text: string;
}

export function eventsOf({moment, snapshot}: Seen): ReportEvent[] {
  const {index: look, event, marks} = moment;
  const program = snapshot.process.exe ?? snapshot.process.comm ?? 'another program';
  const texts = {exec: `It became ${program} (execve): all of its memory is new.`, exit: 'The process ended.'};
  return [
    ...(event ? [{look, kind: event, text: texts[event]}] : []),
    ...marks.map((mark) => ({look, kind: 'mark' as const, text: `Mark: ${mark}`})),
  ];
}
