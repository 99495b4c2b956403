/**
 * What `memmap growth` ends with: 5 where it has no verdict on the whole, as on a machine so busy that memory was not
 * read for long.
 *
 * @param stdout its text, or its document
 */
export function growthCode(stdout: string): number {
  if (!stdout.startsWith('{')) return stdout.includes('Not enough data to say') ? 5 : 0;
  const {total} = JSON.parse(stdout) as {total: {verdict: string}};
  return total.verdict === 'not enough data' ? 5 : 0;
}
