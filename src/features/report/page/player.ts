import {countText, sizeText} from '../../../model/amounts.ts';
import {duration, kinds, lookAt, looks, page, placeAt, timeText, type ChartMeasure} from './data.ts';
import {byId, element} from './dom.ts';
import {current, follow, show} from './moment.ts';

/** However long the recording is, playing it takes this many ms. */
const PLAYED_IN = 20_000;

/** The slider, which moves look by look with the arrow keys, and the button that lets time pass. */
export function startPlayer(): void {
  const slider = byId('slider') as HTMLInputElement;
  const button = byId('play') as HTMLButtonElement;
  slider.max = String(duration);
  slider.addEventListener('input', () => show(lookAt(Number(slider.value))));
  slider.addEventListener('keydown', (event) => {
    const target = KEYS[event.key]?.(current());
    if (target === undefined) return;
    event.preventDefault();
    show(target);
  });
  let begun: {readonly at: number; readonly from: number} | undefined;
  const step = (now: number): void => {
    if (!begun) return;
    const time = begun.from + ((now - begun.at) / PLAYED_IN) * duration;
    show(lookAt(time));
    if (time >= duration) stop();
    else requestAnimationFrame(step);
  };
  const stop = (): void => {
    begun = undefined;
    button.textContent = 'Play';
    button.setAttribute('aria-label', 'Play');
  };
  button.addEventListener('click', () => {
    if (begun) return stop();
    const isAtEnd = current() === looks - 1;
    begun = {at: performance.now(), from: isAtEnd ? 0 : page.times[current()]!};
    button.textContent = 'Pause';
    button.setAttribute('aria-label', 'Pause');
    requestAnimationFrame(step);
  });
  follow((look) => {
    slider.value = String(page.times[look]);
    const words = momentWords(look);
    slider.setAttribute('aria-valuetext', `${timeText(page.times[look]!)}: ${words}`);
    byId('now').replaceChildren(element('b', {}, timeText(page.times[look]!)), `  ${words}${changeWords(look)}`);
  });
}

const KEYS: Readonly<Record<string, (look: number) => number>> = {
  ArrowLeft: (look) => look - 1,
  ArrowDown: (look) => look - 1,
  ArrowRight: (look) => look + 1,
  ArrowUp: (look) => look + 1,
  PageDown: (look) => look - Math.max(2, Math.round(looks / 10)),
  PageUp: (look) => look + Math.max(2, Math.round(looks / 10)),
  Home: () => 0,
  End: () => looks - 1,
};

/** `14:03:17 UTC, 131 regions, 64 MiB resident`. */
function momentWords(look: number): string {
  const clock = new Date(Date.parse(page.startedAt) + page.times[look]!).toISOString().slice(11, 19);
  const total = (measure: ChartMeasure): number | undefined => {
    const place = placeAt(measure, look);
    return place < 0 ? undefined : kinds.reduce((sum, kind) => sum + kind[measure][place]!, 0);
  };
  const resident = total('rss');
  return [
    `${clock} UTC`,
    `${countText(total('regions')!)} regions`,
    `${sizeText(total('size')!)} of address space`,
    ...(resident === undefined ? [] : [`${sizeText(resident)} resident`]),
  ].join(', ');
}

/** What had changed at this look, the largest change first. */
function changeWords(look: number): string {
  const here = page.changes.filter(([at, kind]) => at === look && kind !== 'touched');
  const most = [...here].sort((a, b) => Math.abs(b[5]) - Math.abs(a[5]))[0];
  if (!most) return '';
  return ` — ${most[7]}${here.length > 1 ? ` (and ${here.length - 1} more)` : ''}`;
}
