import type {RuntimePart} from './part.ts';

const SPACES = /^sun\.gc\.generation\.(\d+)\.space\.\d+\.used$/;

/** Of the two generations of HotSpot's collectors: the names that jcmd GC.heap_info uses. */
const GENERATIONS: Readonly<Record<string, string>> = {0: 'young generation', 1: 'old generation'};

interface Amounts {
  readonly used: number;
  readonly committed: number;
}

const FROM = 'hsperfdata';

/**
 * What the counters of a JVM say of its heap and its metaspace. Most are written at the end of a collection, so that
 * they say what was live or not yet found to be garbage then.
 *
 * @returns the part with what they say of it, then what it is made of
 */
export function jvmParts(part: RuntimePart, counters: ReadonlyMap<string, number>): RuntimePart[] {
  if (part.name === "Java's metaspace") {
    const amounts = amountsAt(counters, 'sun.gc.metaspace');
    return amounts ? [told(part, amounts)] : [part];
  }
  if (part.name !== 'the Java heap') return [part];
  const generations = Object.entries(GENERATIONS).flatMap(([number, name]) => {
    const committed = counters.get(`sun.gc.generation.${number}.capacity`);
    const used = usedIn(counters, number);
    return committed === undefined || used === undefined ? [] : [{name, used, committed}];
  });
  if (generations.length === 0) return [part];
  const sum = (of: (amounts: Amounts) => number): number => generations.reduce((bytes, each) => bytes + of(each), 0);
  return [
    told(part, {used: sum(({used}) => used), committed: sum(({committed}) => committed)}),
    ...generations.map((generation): RuntimePart => ({
      ...part,
      ...generation,
      within: part.name,
      kept: null,
      resident: null,
      core: undefined,
      how: 'read',
      from: FROM,
      back: '',
    })),
  ];
}

/**
 * What is resident and not in use is kept. Not all that counts as used is resident: a G1 region counts as a whole. More
 * mapped than committed is ZGC before JDK 21, which maps each page three times: RSS counts it as often. A core doesn't
 * say what was resident.
 */
const told = (part: RuntimePart, amounts: Amounts): RuntimePart => ({
  ...part,
  ...amounts,
  kept:
    part.resident === null || (part.committed ?? 0) > 2 * amounts.committed
      ? null
      : Math.max(0, part.resident - amounts.used),
  how: 'read',
  from: FROM,
});

function amountsAt(counters: ReadonlyMap<string, number>, name: string): Amounts | undefined {
  const [used, committed] = [counters.get(`${name}.used`), counters.get(`${name}.capacity`)];
  return used === undefined || committed === undefined ? undefined : {used, committed};
}

/** A generation's spaces together: eden and survivors. */
function usedIn(counters: ReadonlyMap<string, number>, generation: string): number | undefined {
  const spaces = [...counters].filter(([name]) => SPACES.exec(name)?.[1] === generation);
  return spaces.length === 0 ? undefined : spaces.reduce((sum, [, bytes]) => sum + bytes, 0);
}
