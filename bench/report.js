import {heading, machineText, rowText, verdictsText} from './table.js';

/** Prints the table as it grows; what is running is shown on standard error, if that is a terminal. */
export function tableReport(before) {
  const rows = [];
  const say = (text) => process.stdout.write(`${text}\n`);
  say(machineText(before));
  return {
    begin: ({title}) => say(`\n${heading(title)}`),
    row: (row) => (rows.push(row), say(rowText(row))),
    crash: (name, error) => say(`  ${name} crashed: ${error.stack}`),
    end: (after) => say(`\n${verdictsText(rows, before, after)}`),
  };
}

/** Five digits are more than any of these numbers deserves. */
const rounded = (_, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value);

/** One JSON document at the end; what is running is shown on standard error. */
export function jsonReport(before) {
  const rows = [];
  const crashes = [];
  return {
    begin: ({title}) => process.stderr.write(`${title}\n`),
    row: (row) => rows.push(row),
    crash: (name, error) => crashes.push({case: name, error: String(error.stack)}),
    end: ({at, load}) => {
      const {at: began, load: loadBefore, ...machine} = before;
      const document = {machine, began, ended: at, load: {before: loadBefore, after: load}, rows, crashes};
      process.stdout.write(`${JSON.stringify(document, rounded, 2)}\n`);
    },
  };
}
