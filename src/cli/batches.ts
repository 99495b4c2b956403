/** So many characters are written at once. */
const BATCH = 1 << 20;

/** Many small parts of a text as fewer larger ones: a write(2) for each line of a long table would take longer than the table. */
export function* inBatches(parts: Iterable<string>): Generator<string> {
  let batch = '';
  for (const part of parts) {
    batch += part;
    if (batch.length < BATCH) continue;
    yield batch;
    batch = '';
  }
  if (batch !== '') yield batch;
}
