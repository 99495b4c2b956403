import {Trouble} from '../model/trouble.ts';

/** A listing with 1,000,000 regions and all their counters has 0.7 GiB. */
export const LARGEST_INPUT = 2 ** 30;

/**
 * All of standard input.
 *
 * @param look called for each part with all that came so far, and its size before: to refuse what no reader will accept
 * @throws Trouble `input` if there is too much, and what `look` throws
 */
export async function readStdin(
  look: (parts: readonly Buffer[], before: number, after: number) => void = () => {},
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    parts.push(part as Buffer);
    look(parts, size, (size += (part as Buffer).length));
    if (size > LARGEST_INPUT) throw tooLarge('standard input');
  }
  return Buffer.concat(parts);
}

export const tooLarge = (name: string): Trouble =>
  new Trouble('input', `Cannot use ${name}.`, 'it is larger than 1 GiB.', 'A listing of 1,000,000 regions is smaller than that.'); // prettier-ignore
