import type {ExecutionContext} from 'ava';
import {memmap} from '../../helpers/cli.ts';
import {conforms} from '../../helpers/schema.ts';

/** A row of the table by what memory is for. */
export interface Part {
  readonly name: string;
  readonly within?: string;
  readonly used: number | null;
  readonly kept: number | null;
  readonly committed: number | null;
  readonly resident: number | null;
  readonly dumped?: number;
  readonly leftOut?: number;
  readonly how: string;
  readonly from: string;
}

/** What `memmap heap --json` says of a process or a core. */
export interface Document {
  readonly sentence: string;
  readonly runtime: {
    readonly name: string;
    readonly dumped?: number;
    readonly leftOut?: number;
    readonly parts: readonly Part[];
  };
  part(name: string): Part;
}

/** @param target a PID, or a file @param code how it must end */
export async function heapOf(t: ExecutionContext, target: string, code = 0): Promise<Document> {
  const ran = await memmap(['heap', target, '--json']);
  t.is(ran.code, code, ran.stderr);
  const document = JSON.parse(ran.stdout) as Document;
  conforms(t, 'heap', document);
  return {...document, part: (name) => document.runtime.parts.find((each) => each.name === name)!};
}
