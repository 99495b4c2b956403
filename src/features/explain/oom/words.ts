import {counted, sizeText} from '../../../model/amounts.ts';
import type {Charge, OomReport, Victim} from '../../../parse/oom/report.ts';

/** What happened, in sentences: who asked, what ran out, who was killed. */
export function oomSentences(report: OomReport): string[] {
  return [askedText(report), ranOutText(report), ...killedTexts(report), tasksText(report), cutText(report)].filter(
    (text) => text !== '',
  );
}

function askedText({invoker, pageSize}: OomReport): string {
  if (!invoker) return '';
  const {name, gfp, order} = invoker;
  const pages = 2 ** order;
  const what =
    order < 0
      ? 'sysrq-f asked for the OOM killer'
      : `${name} asked for ${pages === 1 ? 'a page' : `${pages} pages in a row (order ${order})`}, ` +
        `${sizeText(pages * pageSize)} (${gfp})`;
  // PAGE_ALLOC_COSTLY_ORDER: above it the allocator gives up instead.
  const why = order > 0 ? ' That many pages in a row may be missing although single ones are free: fragmentation.' : '';
  return `${what}.${why}`;
}

function ranOutText({scope, cgroup, charges, memory}: OomReport): string {
  const {memory: main, swap} = charges;
  const also = charges['memory+swap'];
  const name = cgroup === undefined ? 'Its cgroup' : `The cgroup ${cgroup}`;
  if (scope === 'cgroup') {
    const used = main ? `: ${chargeText(main)}` : '';
    const both =
      also && isFull(also) && !(main && isFull(main)) ? `; memory and swap together: ${chargeText(also)}` : '';
    const swapped = swap?.limit === undefined ? '' : `; swap: ${chargeText(swap)}`;
    const often = main?.failures ? `. The limit had been hit ${counted(main.failures, 'time')}` : '';
    return `${name} had no more memory${used}${both}${swapped}${often}. The machine itself may have had plenty.`;
  }
  const {ram, free, swapTotal, swapFree} = memory;
  const rest = [
    ram !== undefined && `of ${sizeText(ram)} of RAM, ${sizeText(free ?? 0)} was free`,
    swapTotal !== undefined &&
      (swapTotal === 0
        ? 'there was no swap'
        : `of ${sizeText(swapTotal)} of swap, ${sizeText(swapFree ?? 0)} was free`),
  ].filter(Boolean);
  const figures = rest.length > 0 ? `: ${rest.join('; ')}` : '';
  if (scope === 'machine') return `The whole machine had no more memory${figures}.`;
  if (scope === 'cpuset') return `The nodes that its cpuset allows had no more memory${figures}.`;
  if (scope === 'mempolicy') return `The nodes that its memory policy allows had no more memory${figures}.`;
  return `What ran out is not in the log${figures}.`;
}

/** `32 MiB of 32 MiB`. */
const chargeText = ({usage, limit}: Charge): string =>
  `${sizeText(usage)} of ${limit === undefined ? 'no limit' : sizeText(limit)}`;

const isFull = ({usage, limit}: Charge): boolean => limit !== undefined && usage >= limit;

function killedTexts({victims, failure, taskCgroup}: OomReport): string[] {
  if (victims.length === 0)
    return [failure === undefined ? 'Who was killed is not in the log.' : `Nobody was killed: ${failure}.`];
  const place = taskCgroup === undefined ? '' : ` of the cgroup ${taskCgroup}`;
  return victims.map((victim, index) =>
    index === 0 ? `The kernel killed ${victimText(victim, place)}.` : `It killed ${victimText(victim, '')} too.`,
  );
}

function victimText(
  {pid, name, anon, file, shmem, size, pageTables, scoreAdj, score, uid}: Victim,
  place: string,
): string {
  const parts = [
    anon !== undefined && `${sizeText(anon)} anonymous`,
    file !== undefined && file > 0 && `${sizeText(file)} of files`,
    shmem !== undefined && shmem > 0 && `${sizeText(shmem)} shared`,
    pageTables !== undefined && `${sizeText(pageTables)} of page tables`,
    size !== undefined && `${sizeText(size)} of address space`,
  ].filter(Boolean);
  const score1000 = score === undefined ? '' : `, with a score of ${score}`;
  const adjusted = scoreAdj ? `, with oom_score_adj ${scoreAdj}` : '';
  const user = uid === undefined ? '' : `, user ${uid}`;
  return `${name} (pid ${pid}${user})${place}${score1000}${adjusted}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

/** What stands out in the table of tasks. */
function tasksText({tasks, victims, scope}: OomReport): string {
  if (tasks.length === 0) return '';
  const all = tasks.reduce((sum, {rss}) => sum + rss, 0);
  const largest = tasks.reduce((a, b) => (b.rss > a.rss ? b : a));
  const isOther = victims.length > 0 && !victims.some(({pid}) => pid === largest.pid);
  const where = scope === 'cgroup' ? 'in the cgroup' : 'on the machine';
  const kept = tasks.filter(({scoreAdj}) => scoreAdj === -1000).length;
  const more = isOther ? ` The largest was ${largest.name} (pid ${largest.pid}), with ${sizeText(largest.rss)}.` : '';
  const exempt = kept > 0 ? ` ${counted(kept, 'task')} may not be killed (oom_score_adj -1000).` : '';
  return (
    `${counted(tasks.length, 'task')} ${tasks.length === 1 ? 'was' : 'were'} ${where}, with ${sizeText(all)} ` +
    `resident together${tasks.length > 1 ? ' (shared pages count in each)' : ''}.${more}${exempt}`
  );
}

const cutText = ({isCut, invoker, victims, isPageAssumed, tasks}: OomReport): string =>
  [
    isCut && `The log has only a part of this report: its ${!invoker ? 'beginning' : 'end'} is missing.`,
    isPageAssumed && tasks.length > 0 && victims.length >= 0 && 'Pages are taken for 4 KiB: the log does not say.',
  ]
    .filter(Boolean)
    .join(' ');
