/**
 * A document as JSON that can be read and grepped: one line for each key at the top, and one for each element of a list of
 * objects. Indenting everything would make a listing of 60,000 regions four times as long.
 */
export function jsonDocument(document: object): string {
  const lines = Object.entries(document)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `  ${JSON.stringify(key)}: ${jsonValue(value)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

function jsonValue(value: unknown): string {
  const isListOfObjects = Array.isArray(value) && typeof value[0] === 'object';
  if (!isListOfObjects) return JSON.stringify(value);
  return `[\n${value.map((element) => `    ${JSON.stringify(element)}`).join(',\n')}\n  ]`;
}
