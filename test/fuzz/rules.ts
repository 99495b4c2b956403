import assert from 'node:assert/strict';
import {parseRule} from '../../src/features/check/read-rules.ts';
import {Trouble} from '../../src/model/trouble.ts';

/** A file of rules for `memmap check`. */
export const RULES = Buffer.from(`# budget
max heap=64M
max  rss = 200M # of all
max anon.privateDirty=1.5G
max-regions 2000
no rwx
no swap
no-growth heap
no-growth rss
`);

/** Each line is a rule, or is refused with a reason that names what is wrong. */
export function checkRules(bytes: Buffer): void {
  for (const line of bytes.toString('utf8').split('\n', 12)) {
    try {
      const rule = parseRule(line, 'rules, line 1: ');
      assert.ok(['max', 'no', 'no-growth'].includes(rule.is) && rule.text.length > 0);
      if (rule.is === 'max') assert.ok(Number.isFinite(rule.limit) && rule.limit >= 0, `${line}: ${rule.limit}`);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      assert.equal(error.kind, 'usage');
      assert.ok(error.why.length > 0 && error.next.length > 0);
    }
  }
}
