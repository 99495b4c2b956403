/**
 * How many forged inputs a test tries: MEMMAP_FORGERIES=100000 npx ava build/test/unwind/forged.test.js --timeout 30m
 *
 * @param usual without it
 */
export const forgeries = (usual: number): number => Number(process.env['MEMMAP_FORGERIES'] ?? usual);
