/** What each NUMA node has of a region, or of all, in bytes: the counters `node0`, `node1`, …, by node. */
export const nodesOf = (counters: Readonly<Record<string, number | undefined>>): Array<[node: number, bytes: number]> =>
  Object.entries(counters)
    .flatMap(([key, bytes]): Array<[number, number]> => {
      const node = /^node(\d+)$/.exec(key)?.[1];
      return node === undefined || bytes === undefined ? [] : [[Number(node), bytes]];
    })
    .sort(([a], [b]) => a - b);
