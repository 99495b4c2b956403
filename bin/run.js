#!/usr/bin/env node
// The engine check would load semver, which takes as long as everything memmap itself does; package.json says what is needed.
process.env.OCLIF_DISABLE_ENGINE_WARNING ??= '1';

const {execute} = await import('@oclif/core');
const {fileURLToPath} = await import('node:url');

// No plugins of the user's: what runs with sudo loads nothing from a home directory.
const root = fileURLToPath(new URL('..', import.meta.url));
await execute({dir: import.meta.url, loadOptions: {root, userPlugins: false}});
