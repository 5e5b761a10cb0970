// The panel that opens beside the page for one trial.
import {trialCurve} from './curves';
import {choiceNames, curveOf, objectives, report, stageCount, valueNames, valueOf, type Details, type Measurement, type StageResult, type Trial} from './data';
import {h, pairs} from './dom';
import {bytes, duration, label, percent, plural, short, withUnit} from './format';
import {weightsText} from './spent';
import {badges} from './trial_view';
import {toYaml} from './yaml';

function part(title: string, ...content: (HTMLElement | null)[]): HTMLElement | null {
  const some = content.filter((element) => element !== null);
  return some.length === 0 ? null : h('section.part', {}, h('h3', {}, title), some);
}

/** One column a stage, so that a latency measured again is compared at a glance. */
function conditions(results: StageResult[]): HTMLElement | null {
  const measured = results.filter((result) => result.measurement !== null);
  if (measured.length === 0) return null;
  const row = (name: string, read: (m: Measurement) => string | undefined): HTMLElement | null => {
    const cells = measured.map((result) => read(result.measurement as Measurement));
    return cells.every((cell) => cell === undefined || cell === '') ? null : h('tr', {}, h('th', {scope: 'row'}, name), cells.map((cell) => h('td', {}, cell ?? '–')));
  };
  const ms = (value: number | undefined): string | undefined => (value === undefined ? undefined : withUnit('x_ms', value));
  return h(
    'div.scroll',
    {},
    h(
      'table.conditions',
      {},
      stageCount > 1 ? h('thead', {}, h('tr', {}, h('th', {}, ''), measured.map((result) => h('th', {scope: 'col'}, `stage ${result.stage + 1}`)))) : null,
      h(
        'tbody',
        {},
        row('median', (m) => ms(m.latency_ms)),
        row('p90', (m) => ms(m.p90_ms)),
        row('p99', (m) => ms(m.p99_ms)),
        row('fastest', (m) => ms(m.min_ms)),
        row('spread (MAD)', (m) => (m.spread_ms === undefined ? undefined : `±${ms(m.spread_ms)}`)),
        row('runs', (m) => (m.runs === undefined ? undefined : `${m.runs} after ${m.warmup_runs ?? 0} warm-up`)),
        row('disturbed', (m) => (m.disturbed === undefined ? undefined : m.disturbed ? `yes: ${m.disturbance ?? ''}` : 'no')),
        row('provider', (m) => m.provider),
        row('threads', (m) => (m.threads === undefined ? undefined : String(m.threads))),
        row('precision', (m) => m.precision),
        row('peak memory', (m) => (m.peak_memory_bytes === undefined ? undefined : bytes(m.peak_memory_bytes))),
        row('model file', (m) => (m.model_bytes === undefined ? undefined : bytes(m.model_bytes))),
        row('load time', (m) => ms(m.load_ms)),
        row('device', (m) => m.device),
        row('processor', (m) => m.processor),
        row('clock', (m) => m.clock),
        row('runtime', (m) => m.runtime),
      ),
    ),
  );
}

function spent(results: StageResult[]): HTMLElement | null {
  if (results.length === 0) return null;
  const cells = (read: (result: StageResult) => string): HTMLElement[] => results.map((result) => h('td', {}, read(result)));
  const time = (value: number | null): string => (value === null ? '–' : duration(value));
  return h(
    'table.conditions',
    {},
    h('thead', {}, h('tr', {}, h('th', {}, ''), results.map((result) => h('th', {scope: 'col'}, stageCount > 1 ? `stage ${result.stage + 1}` : '')))),
    h(
      'tbody',
      {},
      h('tr', {}, h('th', {scope: 'row'}, 'epochs, best'), cells((result) => `${result.epochs}, ${result.best_epoch}`)),
      h('tr', {}, h('th', {scope: 'row'}, 'training'), cells((result) => time(result.train_s))),
      h('tr', {}, h('th', {scope: 'row'}, 'measuring'), cells((result) => time(result.measure_s))),
      h('tr', {}, h('th', {scope: 'row'}, 'export'), cells((result) => time(result.export_s))),
      h('tr', {}, h('th', {scope: 'row'}, 'other'), cells((result) => time(result.overhead_s))),
    ),
  );
}

function confusion(rows: number[][] | undefined): HTMLElement | null {
  if (!rows || rows.length === 0 || !rows.every((row) => row.length === rows.length)) return null;
  const names = rows.map((_, i) => report.classes[i] ?? String(i));
  return h(
    'div.scroll',
    {},
    h(
      'table.confusion',
      {},
      h('thead', {}, h('tr', {}, h('th', {}, 'true \\ predicted'), names.map((name) => h('th', {scope: 'col'}, name)))),
      h(
        'tbody',
        {},
        rows.map((row, i) => {
          const sum = row.reduce((a, b) => a + b, 0) || 1;
          return h('tr', {}, h('th', {scope: 'row'}, names[i] ?? ''), row.map((cell, j) => {
            const td = h(`td${i === j ? '.right' : ''}`, {}, String(cell));
            td.style.setProperty('--share', String(Math.round((cell / sum) * 100)));
            return td;
          }));
        }),
      ),
    ),
  );
}

/** What the test split showed of it, beside the validation split. */
function testSplit(trial: Trial): HTMLElement | null {
  const judged = Object.entries(report.test?.[trial.id] ?? {});
  if (judged.length === 0) return null;
  return pairs(judged.map(([name, value]) => [label(name), `${short(value)} (validation ${short(valueOf(trial, name))})`] as const));
}

/** Of all stages; a later one replaces the file of an earlier one. */
function files(results: StageResult[]): HTMLElement | null {
  const latest = new Map(results.flatMap((result) => result.artifacts).map((artifact) => [artifact.path, artifact]));
  if (latest.size === 0) return null;
  return h(
    'ul.files',
    {},
    [...latest.values()].map(({kind, path, sha256, bytes: size}) =>
      h('li', {}, `${kind}: `, h('code', {}, path), size === null ? '' : `, ${bytes(size)}`, sha256 === null ? null : h('div.quiet', {}, `sha256 ${sha256}`)),
    ),
  );
}

/** Told in a part of their own. */
const told: readonly (keyof Details)[] = ['confusion', 'started_over', 'starting_weights', 'model'];

const aside = h('aside.detail', {'aria-label': 'Trial', tabindex: -1, hidden: true});
let returnTo: Element | null = null;

export function closeDetail(): void {
  if (aside.hidden) return;
  aside.hidden = true;
  aside.replaceChildren();
  if (returnTo instanceof HTMLElement) returnTo.focus({preventScroll: true});
}

export function detailPanel(): HTMLElement {
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') closeDetail();
  });
  return aside;
}

export function openDetail(trial: Trial): void {
  if (aside.hidden) returnTo = document.activeElement;
  const last = trial.results.at(-1);
  const details = last?.details ?? {};
  const objectiveNames = objectives.map((objective) => objective.name);
  const others = valueNames.filter((name) => !objectiveNames.includes(name) && valueOf(trial, name) !== null);
  const remarks = Object.fromEntries(Object.entries(details).flatMap(([name, value]) => (value === undefined || told.includes(name) ? [] : [[name, value]])));
  const reason = trial.reason || (trial.violated ?? '');
  aside.replaceChildren(
    h(
      'header',
      {},
      h('div', {}, h('h2', {}, `Trial #${trial.id}`), h('div.badges', {}, badges(trial), trial.state === 'complete' ? h('span.badge.complete', {}, 'complete') : null)),
      h('button.close', {type: 'button', 'aria-label': 'Close', click: closeDetail}, '×'),
    ),
    h(
      'p.lead',
      {},
      trial.rank === null ? 'Not ranked' : `Rank ${trial.rank} of ${report.trials.filter((other) => other.rank !== null).length}`,
      `; ${plural(trial.trained, 'epoch')} trained${stageCount > 1 ? `, stage ${trial.stage + 1} of ${stageCount}` : ''}`,
      trial.contribution === null ? '' : `; ${percent(trial.contribution)} of the front's volume is covered by it alone`,
    ),
    ...(reason ? [h('p.reason-box', {}, reason)] : []),
    ...trial.results.flatMap(({stage, details: {started_over: why}}) =>
      why ? [h('p.reason-box', {}, `Stage ${stage + 1} was trained from the start, so that its stages do not belong together: ${why}`)] : [],
    ),
    h('div.figures', {}, objectiveNames.map((name) => h('div.figure', {}, h('strong', {}, withUnit(name, valueOf(trial, name))), h('span', {}, label(name))))),
    ...[
      part('Choice', pairs(choiceNames.filter((name) => trial.choice[name] !== undefined).map((name) => {
        const value = trial.choice[name];
        return [label(name), typeof value === 'number' ? short(value) : String(value)] as const;
      }))),
      curveOf(trial).epoch.length > 0 ? part('Learning curve', trialCurve(trial)) : null,
      part('Latency, as measured', conditions(trial.results)),
      others.length > 0 ? part('Other values', pairs(others.map((name) => [label(name), short(valueOf(trial, name))] as const))) : null,
      part('Test split', testSplit(trial)),
      part('Confusion on validation', confusion(details.confusion)),
      details.starting_weights ? part('Starting weights', h('p', {}, weightsText(details.starting_weights))) : null,
      part('Time spent', spent(trial.results)),
      part('Files in the study', files(trial.results)),
      Object.keys(remarks).length > 0 ? part('Remarks', h('pre.yaml', {}, toYaml(remarks))) : null,
    ].filter((element) => element !== null),
  );
  aside.hidden = false;
  aside.scrollTop = 0;
  aside.focus({preventScroll: true});
}
