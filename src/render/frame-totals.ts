import {sizeText} from '../model/size.ts';
import {lineOf, padded, widthOf, type Piece} from './frame-line.ts';
import type {Moment, Picture} from './frame-picture.ts';
import {extremes, sparkline} from './sparkline.ts';

interface Total {
  readonly name: string;
  readonly of: (moment: Moment) => number | undefined;
  readonly text: (value: number) => string;
  readonly words: (picture: Picture) => string;
}

const TOTALS: readonly Total[] = [
  {name: 'resident', of: ({resident}) => resident, text: sizeText, words: residentWords},
  {name: 'size', of: ({size}) => size, text: sizeText, words: ({status}) => peakWords(status['vmPeak'])},
  {name: 'regions', of: ({regions}) => regions, text: String, words: () => ''},
];

const NAME_WIDTH = 8;
const VALUE_WIDTH = 10;
const WORDS_WIDTH = 17;
const EXTREMES_WIDTH = 24;
const NARROWEST_SPARK = 8;
const WIDEST_SPARK = 60;

/** Resident memory, address space and regions: how much now, at most, and how it moved. */
export function totalLines(picture: Picture, width: number): string[] {
  // Wider where something is swapped, and then on all lines.
  const words = TOTALS.map((total) => total.words(picture));
  const wordsWidth = words.reduce((most, text) => Math.max(most, text.length), WORDS_WIDTH);
  const fixed = NAME_WIDTH + 2 + VALUE_WIDTH + 2 + wordsWidth + 2;
  const room = Math.min(WIDEST_SPARK, width - fixed - 2 - EXTREMES_WIDTH);
  return TOTALS.map(({name, of, text}, index) => {
    const values = picture.history.map(of);
    const now = values.at(-1);
    const hasSpark = room >= NARROWEST_SPARK;
    const left: Piece[] = [
      {text: padded(name, NAME_WIDTH + 2), role: 'quiet'},
      {text: padded(now === undefined ? '' : text(now), VALUE_WIDTH, 'right')},
      {text: words[index] === '' ? '' : `  ${words[index]!}`, role: 'quiet'},
    ];
    if (hasSpark) left.push({text: ' '.repeat(fixed - widthOf(left) - 2)}, ...sparkPieces(values, room, text));
    return lineOf(left, width);
  });
}

/** The scale is written beside it: bars alone would make a page look like a gibibyte. */
function sparkPieces(
  values: ReadonlyArray<number | undefined>,
  width: number,
  text: (value: number) => string,
): Piece[] {
  const {least, most} = extremes(values, width);
  const scale = least === most ? 'steady' : `${text(least)} to ${text(most)}`;
  return [
    {text: `  ${sparkline(values, width)}`, role: 'move'},
    {text: `  ${scale}`, role: 'quiet'},
  ];
}

function residentWords({status}: Picture): string {
  const swap = Number(status['vmSwap'] ?? 0);
  return [peakWords(status['vmHwm']), swap > 0 && `swapped ${sizeText(swap)}`].filter(Boolean).join(', ');
}

const peakWords = (peak: unknown): string => (typeof peak === 'number' ? `peak ${sizeText(peak)}` : '');
