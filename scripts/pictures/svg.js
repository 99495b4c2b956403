// Frames of a terminal as one SVG that plays them again and again, without a script.

const CELL = {width: 8.4, height: 18};
const EDGE = 14;

/** The 16 colours, dark enough or light enough on the background. */
const COLORS = ['#5c6370', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#dcdfe4'];

const STYLE = `
  rect.screen { fill: #1e222a }
  text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #dcdfe4; white-space: pre }
  .b { font-weight: bold } .d { opacity: .6 } .i { fill: #1e222a }
  ${COLORS.flatMap((color, index) => [`.c${index}, .c${index + 8} { fill: ${color} }`]).join(' ')}`;

/**
 * @param {Array<{rows: Array<Array<{text: string, style: string}>>, ms: number}>} frames
 * @param {string} title what it shows, for those who can't see it
 */
export function svgOf(frames, {columns, rows, title}) {
  const width = columns * CELL.width + 2 * EDGE;
  const height = rows * CELL.height + 2 * EDGE;
  const total = frames.reduce((sum, {ms}) => sum + ms, 0);
  let at = 0;
  const plays = frames.map(({ms}, index) => {
    const [from, to] = [at, (at += ms)].map((time) => ((100 * time) / total).toFixed(3));
    const before = Number(from) === 0 ? '' : `0% { visibility: hidden } ${from}% { visibility: visible } `;
    const after = index === frames.length - 1 ? '' : `${to}% { visibility: hidden } 100% { visibility: hidden }`;
    return (
      `@keyframes f${index} { ${before || '0% { visibility: visible } '}${after} } .f${index} { visibility: ` +
      `hidden; animation: f${index} ${total}ms step-end infinite }`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      'role="img">',
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}\n  ${frames.length > 1 ? plays.join('\n  ') : ''}\n</style>`,
    `<rect class="screen" width="${width}" height="${height}" rx="8"/>`,
    ...frames.map((frame, index) => `<g class="f${index}">${frame.rows.map(lineOf).join('')}</g>`),
    '</svg>\n',
  ].join('\n');
}

function lineOf(runs, row) {
  const y = EDGE + row * CELL.height + 13;
  let column = 0;
  return runs
    .map(({text, style}) => {
      const x = EDGE + column * CELL.width;
      const length = Array.from(text).length;
      column += length;
      const back = style.split(' ').includes('i')
        ? `<rect x="${x.toFixed(1)}" y="${y - 13}" width="${(length * CELL.width).toFixed(1)}" ` +
          `height="${CELL.height}" fill="#dcdfe4"/>`
        : '';
      if (text.trim() === '') return back;
      // The width is given, so that the columns stand below each other in whatever font there is.
      const wide = `textLength="${(length * CELL.width).toFixed(1)}" lengthAdjust="spacing"`;
      const named = style === '' ? '' : ` class="${style}"`;
      return `${back}<text x="${x.toFixed(1)}" y="${y}" ${wide}${named} xml:space="preserve">${escaped(text)}</text>`;
    })
    .join('');
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
