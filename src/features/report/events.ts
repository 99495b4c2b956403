import {processOf, type Seen} from '../../history/seen.ts';
import type {ProcessInfo} from '../../model/snapshot.ts';

/** Something that happened to the process as a whole, or a mark. */
export interface ReportEvent {
  readonly look: number;
  readonly kind: 'exec' | 'exit' | 'mark';
  readonly text: string;
}

/** @param look its number, from 0 */
export function eventsOf(seen: Seen, look: number): ReportEvent[] {
  const {event, marks = []} = seen;
  const text = event === 'exec' ? execText(processOf(seen)) : 'The process ended.';
  return [
    ...(event ? [{look, kind: event, text}] : []),
    ...marks.map((mark) => ({look, kind: 'mark' as const, text: `Mark: ${mark}`})),
  ];
}

const execText = ({exe, comm}: ProcessInfo): string =>
  `It became ${exe ?? comm ?? 'another program'} (execve): all of its memory is new.`;
