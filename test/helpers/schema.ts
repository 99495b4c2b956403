import {readdirSync, readFileSync} from 'node:fs';
import type {ExecutionContext} from 'ava';
import {Ajv2020} from 'ajv/dist/2020.js';

const ajv = new Ajv2020({
  allErrors: true,
  strictTypes: false,
  formats: {'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/},
});
for (const file of readdirSync('schema')) ajv.addSchema(JSON.parse(readFileSync(`schema/${file}`, 'utf8')) as object);

/** Is a document as the published schema says? */
export function conforms(t: ExecutionContext, name: string, document: unknown): void {
  t.deepEqual(schemaErrors(name, document), []);
}

/** What of a document is not as the published schema says. */
export function schemaErrors(name: string, document: unknown): readonly unknown[] {
  const validate = ajv.getSchema(`${name}.schema.json`);
  if (!validate) return [`there is no schema ${name}`];
  void validate(document);
  return validate.errors ?? [];
}
