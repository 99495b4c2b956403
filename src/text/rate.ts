import {deltaText, sizeText} from '../model/amounts.ts';

/** A rate of growth, in bytes per ms, and its bounds. */
interface Rate {
  readonly slope: number;
  readonly low: number;
  readonly high: number;
}

const MINUTE = 60_000;

/** `+29.8 MiB/min`: a rate as people read it. */
export const rateText = ({slope}: Pick<Rate, 'slope'>): string => `${deltaText(Math.round(slope * MINUTE))}/min`;

/** The same with how far off it may be, with 95 % confidence: `+29.8 MiB/min ± 0.4 MiB`. */
export const exactRateText = (rate: Rate): string =>
  `${rateText(rate)} ± ${sizeText(Math.round(((rate.high - rate.low) / 2) * MINUTE))}`;
