// The licences of the libraries in the bundle, as these require.
import {readdirSync} from 'node:fs';

/**
 * @param inputs the files that were bundled, relative to the root
 * @param read reads such a file
 * @returns for each library, its name, version and licence text
 */
export function licencesOf(inputs, read) {
  const folders = new Set(inputs.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter(Boolean));
  return [...folders]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((folder) => {
      const {name, version, license} = JSON.parse(read(`${folder}/package.json`));
      const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each));
      const text = file ? read(`${folder}/${file}`).trim() : `Licence: ${license}`;
      return `${name} ${version}\n${'-'.repeat(72)}\n${text}\n`;
    })
    .join(`\n${'='.repeat(72)}\n\n`);
}
