import type {Change} from '../model/change.ts';
import type {Expected} from './lesson.ts';

/**
 * Did what was predicted happen, and nothing else? Each prediction must be met by one change of its own. What a program's
 * own work touches (its stack, its text) is no contradiction: only what is mapped, unmapped or changed counts.
 */
export function asPredicted(expected: readonly Expected[], changes: readonly Change[]): boolean {
  const left = [...changes];
  for (const prediction of expected) {
    const index = left.findIndex((change) => meets(change, prediction));
    if (index < 0) return false;
    left.splice(index, 1);
  }
  return left.every((change) => change.kind === 'touched');
}

function meets(change: Change, {kind, name, size, rss}: Expected): boolean {
  const region = change.after[0] ?? change.before[0];
  return (
    change.kind === kind &&
    (name === undefined || region?.name === name) &&
    (size === undefined || change.delta.size === size) &&
    // Without smaps there is no resident memory to judge by.
    (rss === undefined || change.delta['rss'] === rss)
  );
}
