/** What stands before the owner in the label of a piece of its memory that is not in use. */
const PIECES =
  /^(?:unused part of (?:a )?|free chunk of |reserved for |(?:ends in )?(?:the )?guard(?: zone)? of (?:the )?)/;

/** Labels that say where memory lies, or what it looks like, and not whose it is. */
const NO_OWNER = /^(?:between|above|below|in use, of|bss of|relro of|holds the) /;

const OWNERS: ReadonlyArray<readonly [label: RegExp, owner: string]> = [
  [/^(?:heaps? \d+(?: to \d+)? of malloc's arenas|glibc: malloc arena.*)$/, "malloc's arenas"],
  [/^stack of (?:some )?thread/, 'stacks of threads'],
];

/** A block of an arena that has several: `malloc arena 3 of 4, block 2 of 2`. */
const BLOCK = /, block \d+ of \d+/g;

/**
 * Whose memory a region is, so that all its pieces add up: `unused part of the Java heap` is the Java heap's, and each
 * thread's stack is one of the stacks of threads.
 *
 * @param label as `classify` gives it
 * @returns undefined where the label says nothing of that
 */
export function ownerIn(label: string | undefined): string | undefined {
  if (label === undefined || NO_OWNER.test(label)) return undefined;
  const whole = label.replace(PIECES, '').replaceAll(BLOCK, '');
  return OWNERS.find(([form]) => form.test(whole))?.[1] ?? whole;
}
