import {RegionList} from '../model/columns/list.ts';
import {JsonList} from '../model/json.ts';
import {stencilled} from './stencil.ts';

/**
 * A document as JSON that can be read and grepped: one line for each key at the top, and one for each element of a list
 * of objects. Indenting everything would make a listing of 60,000 regions four times as long.
 *
 * @returns the text in pieces: those of a list have at most about 200 KB, so that nobody has to hold a long one as a
 *   whole
 */
export function* jsonPieces(document: object): Generator<string> {
  yield* written(document, {
    open: '{\n  ',
    next: ',\n  ',
    colon: ': ',
    close: '\n}\n',
    list: '[\n    ',
    element: ',\n    ',
    end: '\n  ]',
  });
}

/** The same on one line, with its newline. */
export function* jsonLinePieces(document: object): Generator<string> {
  yield* written(document, {open: '{', next: ',', colon: ':', close: '}\n', list: '[', element: ',', end: ']'});
}

/** The same as `jsonPieces`, whole. */
export const jsonDocument = (document: object): string => [...jsonPieces(document)].join('');

interface Form {
  readonly open: string;
  readonly next: string;
  readonly colon: string;
  readonly close: string;
  readonly list: string;
  readonly element: string;
  readonly end: string;
}

function* written(document: object, form: Form): Generator<string> {
  let before = form.open;
  for (const [key, value] of Object.entries(document)) {
    if (value === undefined) continue;
    const begin = `${before}${JSON.stringify(key)}${form.colon}`;
    before = form.next;
    const list = listIn(value);
    if (list) yield* listed(begin, list, form);
    else yield begin + JSON.stringify(value);
  }
  yield before === form.open ? `{${form.close}` : form.close;
}

/** Lists of objects get a line an element. */
function listIn(value: unknown): JsonList | undefined {
  if (value instanceof JsonList) return value;
  const isListOfObjects = Array.isArray(value) && typeof value[0] === 'object';
  return isListOfObjects ? new JsonList(value, (place) => value[place] as object) : undefined;
}

function* listed(begin: string, list: JsonList, form: Form): Generator<string> {
  if (list.length === 0) return yield `${begin}[]`;
  let before = begin + form.list;
  const stencilling = list instanceof RegionList ? list.stencilling(form.element) : undefined;
  for (const elements of stencilling ? stencilled(stencilling) : list.pieces(form.element)) {
    yield before + elements;
    before = form.element;
  }
  yield form.end;
}
