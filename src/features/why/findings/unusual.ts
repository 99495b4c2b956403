import type {Finding as Odd} from '../../explain/unusual.ts';
import type {Figures} from '../figures.ts';
import {type Finding, rowsOf} from '../finding.ts';

const row = rowsOf<Figures>();

/** Of what `explain` finds unusual: what is not a finding of its own here, and not what runtimes do every day. */
const ASIDE: ReadonlyArray<{
  readonly what: string;
  readonly evidence: string;
  readonly isFine?: (odd: Odd) => boolean;
}> = [
  {what: 'signal', evidence: 'NT_SIGINFO of the core'},
  // A just-in-time compiler writes the code that it runs.
  {what: 'rwx', evidence: 'maps: rwx', isFine: ({regions}) => regions.every(({kind}) => kind === 'jit')},
  {what: 'executable-stack', evidence: 'maps: rwxp [stack]'},
  {what: 'deleted', evidence: 'maps: (deleted)'},
  {what: 'locked', evidence: 'smaps Locked'},
  {what: 'torn', evidence: 'the listing'},
];

/** What is remarkable, and no reason why the process is large. */
export const UNUSUAL: ReadonlyArray<Finding<Figures>> = ASIDE.map(({what, evidence, isFine}) =>
  row({
    name: what,
    tier: 'aside',
    // Without regions there is no listing that could be torn.
    when: ({unusual, snapshot}) =>
      snapshot.table.length > 0 && unusual.find((odd) => odd.what === what && isFine?.(odd) !== true),
    weight: ({regions}) => regions.reduce((sum, {usage}) => sum + (usage?.rss ?? 0), 0),
    sentence: ({text}) => text,
    evidence,
    certain: true,
    next: () => [],
  }),
);
