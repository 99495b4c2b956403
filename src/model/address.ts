/**
 * Hex digits as a number. Up to 13 digits any value is exact; with more, only whole pages are (the last three digits
 * 0), since a double has 53 bits.
 *
 * @returns undefined where the value would not be exact, or isn't hex
 */
export function exactHex(digits: string): number | undefined {
  if (!/^[0-9a-f]{1,16}$/i.test(digits)) return undefined;
  const significant = digits.replace(/^0+/, '');
  return significant.length <= 13 || significant.endsWith('000') ? Number.parseInt(digits, 16) : undefined;
}

/**
 * Is a number that isn't whole pages exact, and can it be written as hex and read back? All addresses of user space
 * can.
 */
export const isExact = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** 52;
