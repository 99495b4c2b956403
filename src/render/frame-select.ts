/**
 * Which items would stand at the places [from, to) if all were sorted, the highest key first and equal ones in their order.
 * Hoare's selection: what lies outside those places is only told to be before or behind them, so that the cost grows with
 * the number of items and not faster. A screen needs a few of 60,000.
 *
 * @param keys of the items, and perhaps more behind them
 * @param count how many items there are
 * @returns indices, in order
 */
export function selectRange(keys: Float64Array, count: number, from: number, to: number): number[] {
  const [first, last] = [Math.max(0, from), Math.min(count, to)];
  if (first >= last) return [];
  if (last <= FEW) return best(keys, count, last).slice(first);
  if (order.length < count) order = new Uint32Array(count * 2);
  for (let index = 0; index < count; index++) order[index] = index;
  partition(order, keys, 0, count, first);
  partition(order, keys, first, count, last);
  return Array.from(order.subarray(first, last)).sort((a, b) => (isBefore(keys, a, b) ? -1 : 1));
}

/** So many of the first places are found in one pass: nearly every item is behind the last one of them, and is done with. */
const FEW = 128;

function best(keys: Float64Array, count: number, most: number): number[] {
  const found: number[] = [];
  for (let index = 0; index < count; index++) {
    // Of equal ones the earlier is before.
    if (found.length === most && keys[index]! <= keys[found[most - 1]!]!) continue;
    let place = found.length;
    while (place > 0 && keys[found[place - 1]!]! < keys[index]!) place--;
    found.splice(place, 0, index);
    if (found.length > most) found.pop();
  }
  return found;
}

/** Used again at each call. */
let order = new Uint32Array(0);

/** Puts those that belong before place `at` before it, and the others behind; within order[low, high). */
function partition(order: Uint32Array, keys: Float64Array, low: number, high: number, at: number): void {
  while (high - low > 1 && at > low && at < high) {
    const pivot = middleOf(order, keys, low, high);
    let left = low;
    let right = high - 1;
    while (left <= right) {
      while (isBefore(keys, order[left]!, pivot)) left++;
      while (isBefore(keys, pivot, order[right]!)) right--;
      if (left > right) break;
      const swapped = order[left]!;
      order[left++] = order[right]!;
      order[right--] = swapped;
    }
    if (at <= right) high = right + 1;
    else if (at >= left) low = left;
    else return;
  }
}

/** The middle one of three: what is sorted already, or nearly, is no bad case. */
function middleOf(order: Uint32Array, keys: Float64Array, low: number, high: number): number {
  const [a, b, c] = [order[low]!, order[(low + high) >>> 1]!, order[high - 1]!];
  if (isBefore(keys, a, b)) return isBefore(keys, b, c) ? b : isBefore(keys, a, c) ? c : a;
  return isBefore(keys, a, c) ? a : isBefore(keys, b, c) ? c : b;
}

/** No difference is taken: that of two infinite keys is no number, and then neither would be before the other. */
function isBefore(keys: Float64Array, a: number, b: number): boolean {
  const [one, other] = [keys[a]!, keys[b]!];
  return one > other || (one === other && a < b);
}
