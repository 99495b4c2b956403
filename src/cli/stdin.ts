import {Trouble} from '../model/trouble.ts';

/** A listing with 1,000,000 regions and all their counters has 0.7 GiB. */
export const LARGEST_INPUT = 2 ** 30;

/** All of standard input. @throws Trouble `input` if there is too much */
export async function readStdin(): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    parts.push(part as Buffer);
    if ((size += (part as Buffer).length) > LARGEST_INPUT) throw tooLarge('standard input');
  }
  return Buffer.concat(parts);
}

export const tooLarge = (name: string): Trouble =>
  new Trouble('input', `Cannot use ${name}.`, 'it is larger than 1 GiB.', 'A listing of 1,000,000 regions is smaller than that.'); // prettier-ignore
