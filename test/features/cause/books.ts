import {Ledger} from '../../../src/features/cause/ledger/ledger.ts';
import type {CauseCall} from '../../../src/features/cause/news.ts';

export const PAGE = 4096;
const BASE = 0x10000000;
/** So many pages are looked at. */
export const PAGES = 24;

/** The address of a page, and which page is at an address. */
export const at = (page: number): number => BASE + page * PAGE;
export const pageOf = (address: number): number => (address - BASE) / PAGE;

/** Books of an address space, of which so many pages were there before. */
export class Books {
  readonly ledger: Ledger<CauseCall>;
  clock = 0;

  constructor(pages: number) {
    this.ledger = new Ledger({page: PAGE, regions: [{start: at(0), end: at(pages)}]});
  }

  /** A call of thread 1. @returns it, its ID being when it returned */
  enter(name: string, args: readonly number[], result = 0): CauseCall {
    const time = (this.clock += 1000);
    const words = args.map((arg) => BigInt.asUintN(64, BigInt(arg)));
    const made = {id: time, name, args: words, result, tid: 1, time, stack: undefined, inferred: false};
    this.ledger.call({name, args: words, result, tid: 1, time}, made);
    return made;
  }
}
