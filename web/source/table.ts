// All trials in a table that can be sorted and filtered.
import {isMeasured, objectives, report, stageCount, stageReached, valueNames, valueOf, varyingChoices, type Trial} from './data';
import {card, h, select, tick} from './dom';
import {label, plural, sentenceOf, short} from './format';
import {later} from './later';
import {badges} from './trial_view';

interface Column {
  title: string;
  kind: 'number' | 'text';
  key: (trial: Trial) => number | string | null;
  show: (trial: Trial) => (HTMLElement | string)[];
  sentence?: string | undefined;
}

function choiceColumn(name: string): Column {
  const numeric = report.trials.every((trial) => typeof trial.choice[name] !== 'string');
  return {
    title: label(name),
    kind: numeric ? 'number' : 'text',
    key: (trial) => trial.choice[name] ?? null,
    show: (trial) => {
      const value = trial.choice[name];
      return [value === undefined ? '' : typeof value === 'number' ? short(value) : value];
    },
  };
}

function valueColumn(name: string): Column {
  return {title: label(name), sentence: sentenceOf(name), kind: 'number', key: (trial) => valueOf(trial, name), show: (trial) => [short(valueOf(trial, name))]};
}

function why(trial: Trial): string {
  return trial.reason || (trial.violated ?? '');
}

function columnsOf(everything: boolean): Column[] {
  const names = objectives.map((objective) => objective.name);
  return [
    {title: 'rank', kind: 'number', key: (trial) => trial.rank, show: (trial) => [trial.rank === null ? '–' : String(trial.rank)]},
    {title: 'trial', kind: 'number', key: (trial) => trial.id, show: (trial) => [h('span.id', {}, `#${trial.id}`)]},
    {
      title: 'state',
      kind: 'text',
      key: (trial) => `${trial.state}${trial.front ? ' front' : ''}${isMeasured(trial) && !trial.feasible ? ' infeasible' : ''}`,
      show: (trial) => {
        const list = badges(trial);
        return list.length > 0 ? list : [h('span.quiet', {}, trial.state)];
      },
    },
    ...(stageCount > 1 ? [{title: 'stage', kind: 'number', key: stageReached, show: (trial) => [String(stageReached(trial) + 1)]} satisfies Column] : []),
    {title: 'epochs', kind: 'number', key: (trial) => trial.trained, show: (trial) => [String(trial.trained)]},
    ...names.map(valueColumn),
    ...varyingChoices.map(choiceColumn),
    ...(everything ? valueNames.filter((name) => !names.includes(name)).map(valueColumn) : []),
    ...(report.trials.some((trial) => why(trial) !== '')
      ? [{title: 'reason', kind: 'text', key: why, show: (trial) => [h('span.reason', {title: why(trial)}, why(trial))]} satisfies Column]
      : []),
  ];
}

const rowsAtOnce = 500;

export function tableCard(open: (trial: Trial) => void): HTMLElement {
  let everything = false;
  let columns = columnsOf(everything);
  let sortBy = 'rank';
  let downwards = false;
  let words = '';
  let state = 'all';

  const head = h('tr');
  const body = h('tbody');
  const count = h('span.count', {role: 'status'});

  function matches(trial: Trial): boolean {
    if (state === 'front' ? !trial.front : state !== 'all' && trial.state !== state) return false;
    if (words === '') return true;
    const text = [`#${trial.id}`, trial.state, trial.front ? 'front' : '', why(trial), ...Object.entries(trial.choice).map(([name, value]) => `${name}=${value}`)].join(' ').toLowerCase();
    return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
  }

  function rowOf(trial: Trial): HTMLElement {
    const row = h(
      `tr${trial.front ? '.is-front' : ''}${trial.state === 'failed' || trial.state === 'rejected' || !trial.feasible ? '.is-out' : ''}`,
      {tabindex: 0, 'data-trial': trial.id},
      columns.map((c) => h(`td.${c.kind}`, {}, c.show(trial))),
    );
    row.addEventListener('click', () => open(trial));
    row.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') open(trial);
    });
    return row;
  }

  /** Rows that were not made yet, in their order; more come when the end of the table is near. */
  let unshown: Trial[] = [];
  const end = h('div');
  function more(): void {
    body.append(...unshown.slice(0, rowsAtOnce).map(rowOf));
    unshown = unshown.slice(rowsAtOnce);
    // Seen anew: an end that stays in sight tells nothing.
    ends.unobserve(end);
    if (unshown.length > 0) ends.observe(end);
  }

  function fill(): void {
    head.replaceChildren(
      ...columns.map((column) => {
        const sorted = column.title === sortBy ? (downwards ? 'descending' : 'ascending') : 'none';
        const button = h('button', {type: 'button', title: column.sentence}, column.title, h('span.arrow', {'aria-hidden': 'true'}, sorted === 'ascending' ? '▲' : sorted === 'descending' ? '▼' : ''));
        button.addEventListener('click', () => {
          downwards = column.title === sortBy ? !downwards : false;
          sortBy = column.title;
          fill();
          (head.querySelector('[aria-sort]:not([aria-sort="none"]) button') as HTMLElement | null)?.focus();
        });
        return h(`th.${column.kind}`, {'aria-sort': sorted, scope: 'col'}, button);
      }),
    );
    const column = columns.find((c) => c.title === sortBy) ?? (columns[0] as Column);
    const sign = downwards ? -1 : 1;
    const rows = report.trials.filter(matches).toSorted((a, b) => {
      const [ka, kb] = [column.key(a), column.key(b)];
      // What has no value stays at the end whichever way is sorted.
      const none = Number(ka === null || ka === '') - Number(kb === null || kb === '');
      if (none !== 0) return none;
      const order = typeof ka === 'number' && typeof kb === 'number' ? ka - kb : String(ka).localeCompare(String(kb), 'en', {numeric: true});
      return sign * order || a.id - b.id;
    });
    body.replaceChildren();
    unshown = rows;
    more();
    count.textContent = rows.length === report.trials.length ? plural(rows.length, 'trial') : `${rows.length} of ${plural(report.trials.length, 'trial')}`;
  }

  const search = h('input.search', {type: 'search', placeholder: 'filter: resnet failed', 'aria-label': 'Filter trials'}) as HTMLInputElement;
  search.addEventListener('input', () => {
    words = search.value.trim();
    fill();
  });
  const states = [...new Set(report.trials.map((trial) => trial.state))];
  const controls = [
    count,
    search,
    select('', [{value: 'all', label: 'all states'}, ...(report.front.length > 0 ? [{value: 'front', label: 'front'}] : []), ...states.map((name) => ({value: name, label: name}))], state, (value) => {
      state = value;
      fill();
    }),
    tick('all values', everything, (on) => {
      everything = on;
      columns = columnsOf(on);
      fill();
    }),
  ];
  later(fill);
  const frame = h('div.scroll', {}, h('table.trials', {}, h('thead', {}, head), body), end);
  const ends = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && more(), {root: frame, rootMargin: '2000px'});
  return card('trials', 'Ranked trials', 'Click a heading to sort, a row to open the trial.', controls, frame);
}
