// Which pictures and label files were used, which were not, and why.
import {report, type Tally} from './data';
import {card, h} from './dom';

const isWarning = (remark: string): boolean => remark.startsWith('warning: ');

/** What stands out, at the top of the page. */
export function dataWarnings(): HTMLElement | null {
  const warnings = (report.data?.remarks ?? []).filter(isWarning);
  if (warnings.length === 0) return null;
  return h('ul.warnings', {'aria-label': 'Warnings about the data'}, warnings.map((text) => h('li', {}, text)));
}

function rows(kind: string, tally: Tally): HTMLElement[] {
  const row = (what: string, count: number, examples: string[] = []): HTMLElement =>
    h('tr', {}, h('td', {}, what), h('td.number', {}, count), h('td.quiet', {}, examples.join(', '), examples.length > 0 && examples.length < count ? ', …' : ''));
  const left = Object.entries(tally.left_out).toSorted(([, a], [, b]) => b.count - a.count);
  return [row(`${kind} found`, tally.found), row('used', tally.used), ...left.map(([reason, {count, examples}]) => row(`left out: ${reason}`, count, examples))];
}

export function accountCard(): HTMLElement | null {
  const facts = report.data;
  if (!facts) return null;
  const notes = facts.remarks.filter((remark) => !isWarning(remark) && !remark.startsWith('left out: '));
  if (!facts.account && notes.length === 0) return null;
  const table = facts.account
    ? h('table.failures', {}, h('thead', {}, h('tr', {}, h('th', {}, 'files'), h('th', {}, 'count'), h('th', {}, 'examples'))), h('tbody', {}, rows('pictures', facts.account.pictures), rows('label files', facts.account.labels)))
    : null;
  return card('data', 'Data', 'Every picture and label file below the data folder when the study began.', null, table, notes.length > 0 ? h('ul', {}, notes.map((note) => h('li', {}, note))) : null);
}
