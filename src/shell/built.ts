import {fileURLToPath} from 'node:url';

/**
 * The path of a file that is made at build time and installed with memmap, in dist/: the helpers of the lessons, the page of
 * a report. In the bundle, `import.meta.url` is that of a file two folders below memmap's own (bin/bundle.js), as here.
 *
 * @param name relative to dist/
 */
export const builtFile = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));
