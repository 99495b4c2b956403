import type {Item, Remarks} from '../../../elf/assemble.ts';

/**
 * Makes an assembler say what it assembles: each of its functions is named after its mnemonic, so the call itself is
 * the text of the instruction.
 *
 * @param assembler a module of functions that return instructions
 * @param operands a module that exports registers under their names
 * @returns the same functions, whose instructions carry their text
 */
export function spoken<Module extends object>(assembler: Module, operands: object): Module {
  const names = new Map<unknown, string>(Object.entries(operands).map(([name, value]) => [value, name]));
  const entries = Object.entries(assembler).map(([mnemonic, value]) => [
    mnemonic,
    typeof value === 'function' ? withText(mnemonic, value as Assembler, names) : value,
  ]);
  return Object.fromEntries(entries) as Module;
}

type Assembler = (...operands: unknown[]) => Item | Item[];

function withText(mnemonic: string, assembler: Assembler, names: ReadonlyMap<unknown, string>): Assembler {
  return (...operands) => {
    const text = `${mnemonic} ${operands.map((operand) => operandText(operand, names)).join(', ')}`.trim();
    const made = assembler(...operands);
    if (!Array.isArray(made)) return remark(made, {text});
    return made.map((item, index) => remark(item, {text: index === 0 ? text : `  (${mnemonic}, continued)`}));
  };
}

/** An instruction with remarks beside it. */
const remark = (item: Item, remarks: Remarks): Item =>
  item.kind === 'instruction' || item.kind === 'jump' ? {...item, ...remarks} : item;

/** Remarks on the first instruction of several. */
export function remarkFirst(items: readonly Item[], words: string): Item[] {
  const first = items.findIndex((item) => item.kind === 'instruction' || item.kind === 'jump');
  return items.map((item, index) => (index === first ? remark(item, {words}) : item));
}

interface Place {
  readonly base?: unknown;
  readonly index?: unknown;
  readonly scale?: number;
  readonly disp?: number;
  readonly label?: string;
}

function operandText(operand: unknown, names: ReadonlyMap<unknown, string>): string {
  const name = names.get(operand);
  if (name !== undefined) return name;
  if (typeof operand !== 'object' || operand === null) return String(operand);
  const {base, index, scale, disp, label} = operand as Place;
  const scaled = index === undefined ? undefined : `${names.get(index)}${scale && scale > 1 ? `*${scale}` : ''}`;
  const parts = [label, names.get(base), scaled, disp || undefined].filter((part) => part !== undefined);
  return `[${parts.join('+').replaceAll('+-', '-')}]`;
}
