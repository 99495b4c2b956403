import type {Operation, Value} from './program.ts';

/** What an operation does, as one would write it in C: the words beside its instructions in a listing. */
export function wordsOf(operation: Operation): string {
  switch (operation.do) {
    case 'call': {
      const call = `${operation.name}(${operation.args.map(valueText).join(', ')})`;
      return operation.into === undefined ? call : `${operation.into} = ${call}`;
    }
    case 'store':
      return `*(char *)(${valueText(operation.at)}) = ${operation.byte}`;
    case 'load':
      return `read one byte at ${valueText(operation.at)}`;
    case 'fetch':
      return `${operation.into} = *(int *)(${valueText(operation.at)})`;
    case 'set':
      return `${operation.slot} = ${valueText(operation.to)}`;
    case 'deepen':
      return `write a byte into each of ${operation.pages} pages below the stack pointer`;
    case 'if':
      return `if (${valueText(operation.value)} == ${valueText(operation.is)}) …`;
  }
}

/** A value as one would write it in C. */
export function valueText(value: Value): string {
  if (typeof value === 'number') return Math.abs(value) < 4096 ? String(value) : `0x${value.toString(16)}`;
  const name = 'slot' in value ? value.slot : `&${value.address}`;
  return value.plus ? `${name} + ${value.plus}` : name;
}
