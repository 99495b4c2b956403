import type {Figures} from '../figures.ts';
import type {Step} from '../finding.ts';

/** memmap's own commands that say more, for a process that lives. */
export const heapStep = ({pid, facts}: Figures): Step => ({
  command: `memmap heap ${facts.subject === 'core' ? facts.name : pid}`,
  why: "malloc's books arena by arena, and the largest free runs",
});

/** The same command, for who asks about a runtime's memory. */
export const memoryStep = ({pid, facts}: Figures): Step => ({
  command: `memmap heap ${facts.subject === 'core' ? facts.name : pid}`,
  why: 'all of its memory by what it is for: in use, kept, and what gives it back',
});

export const growthStep = ({pid}: Figures): Step => ({
  command: `memmap growth ${pid} --for 10m`,
  why: 'a cache stops growing once it is full; a leak does not',
});

/** Who asked for the memory: a recording may have it already. */
export const causeStep = ({pid, facts: {hasCalls, name}}: Figures): Step =>
  hasCalls
    ? {
        command: `memmap growth ${name === '-' ? 'FILE' : name} --by stack`,
        why: 'names the call stacks whose memory grows: the recording has them',
      }
    : {
        command: `memmap watch ${pid} --cause`,
        why: 'names the call stacks that map and grow memory (root, or CAP_PERFMON)',
      };

export const showStep = ({pid}: Figures, flags: string, why: string): Step => ({
  command: `memmap show ${pid} ${flags}`,
  why,
});

/** What gives back what malloc keeps. */
export const trimSteps = ({pid}: Figures): Step[] => [
  {
    command: 'malloc_trim(0) in the program',
    why: 'gives the free pages back; call it after a peak, or now and then',
  },
  {
    command: `gdb -p ${pid} -batch -ex 'call (int)malloc_trim(0)'`,
    why:
      'the same from outside. Careful: gdb stops the process and injects a call. If a thread is inside malloc just ' +
      'then, that can deadlock or crash it',
  },
];

export const ARENA_MAX: Step = {
  command: 'MALLOC_ARENA_MAX=2',
  why:
    'in its environment at the next start: fewer arenas, so less is kept free in each; costs speed where many ' +
    'threads call malloc',
};

/** What its runtime can be asked; nothing where it has none. */
export const askRuntime = ({runtime, pid}: Figures): readonly Step[] => runtime?.ask(pid) ?? [];
export const releaseRuntime = ({runtime, pid}: Figures): readonly Step[] => runtime?.release(pid) ?? [];
