// Copies what makes names of C++ and Rust readable to dist/demangle.wasm. Its licence is with those of the libraries that
// are in the bundles (bundle.js).
import {copyFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
copyFileSync(`${root}node_modules/gecko-profiler-demangle/index_bg.wasm`, `${root}dist/demangle.wasm`);
