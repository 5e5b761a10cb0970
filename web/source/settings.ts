// How things were measured, what failed and why, the environment, the resolved job.
import {report, trialById, type Json, type Measurement, type Trial} from './data';
import {card, h, pairs} from './dom';
import {extent, plural, quantile} from './format';
import {toYaml} from './yaml';

const measurements: Measurement[] = report.trials.flatMap((trial) => trial.results.map((result) => result.measurement)).filter((measurement) => measurement !== null);

function each(read: (m: Measurement) => string | number | undefined): string {
  return [...new Set(measurements.map(read).filter((value) => value !== undefined && value !== ''))].join(', ');
}

function spanText(values: number[], unit = ''): string {
  const [low, high] = extent(values);
  return low === high ? `${low}${unit}` : `${low} to ${high}${unit}`;
}

export function measuringCard(): HTMLElement {
  const numbers = (read: (m: Measurement) => number | undefined): number[] => measurements.map(read).filter((value) => value !== undefined);
  const runs = numbers((m) => m.runs);
  const spreads = measurements.filter((m) => m.spread_ms !== undefined && (m.latency_ms ?? 0) > 0).map((m) => (100 * (m.spread_ms ?? 0)) / (m.latency_ms ?? 1));
  const disturbed = measurements.filter((m) => m.disturbed).length;
  const rows: (readonly [string, string])[] = [
    ['measurements', measurements.length > 0 ? plural(measurements.length, 'model') : 'none yet'],
    ['device', each((m) => m.device)],
    ['processor', each((m) => m.processor)],
    ['runtime', each((m) => m.runtime)],
    ['provider', each((m) => m.provider)],
    ['threads', each((m) => m.threads)],
    ['precision', each((m) => m.precision)],
    ['clock', each((m) => m.clock)],
    ['timed runs each', runs.length > 0 ? spanText(runs) : ''],
    ['spread, typical', spreads.length > 0 ? `±${Number(quantile(spreads, 0.5).toPrecision(2))} % of the median; the widest ±${Number(extent(spreads)[1].toPrecision(2))} %` : ''],
    ['disturbed', measurements.length > 0 ? `${disturbed} of ${measurements.length}` : ''],
  ];
  const text = h(
    'p',
    {},
    'Latency is the median time of one inference at batch 1 of the exported ONNX file, run by a process of its own after a warm-up, while nothing of this study trains on that machine. ',
    'The whisker is the 90th percentile; the spread is the median absolute deviation. Quality is that of the best epoch on the validation split.',
  );
  return card('measuring', 'How it was measured', '', null, text, pairs(rows.filter(([, value]) => value !== '')));
}

/** Reasons that differ in their numbers only are one reason. */
export function failureCard(open: (trial: Trial) => void): HTMLElement | null {
  const groups = new Map<string, Trial[]>();
  for (const trial of report.trials) {
    if (trial.state !== 'failed' && trial.state !== 'rejected' && trial.state !== 'pruned') continue;
    const key = `${trial.state}\n${(trial.reason || trial.violated || 'no reason recorded').replace(/\d+(\.\d+)?([eE][-+]?\d+)?/g, '…')}`;
    const group = groups.get(key);
    if (group) group.push(trial);
    else groups.set(key, [trial]);
  }
  if (groups.size === 0) return null;
  const rows = [...groups.values()].toSorted((a, b) => b.length - a.length);
  const most = 8;
  const link = (trial: Trial): HTMLElement => h('button.link', {type: 'button', click: () => open(trial)}, `#${trial.id}`);
  return card(
    'failures',
    'What did not come through',
    '',
    null,
    h(
      'table.failures',
      {},
      h('thead', {}, h('tr', {}, h('th', {}, 'count'), h('th', {}, 'state'), h('th', {}, 'reason'), h('th', {}, 'trials'))),
      h(
        'tbody',
        {},
        rows.map((trials) =>
          h(
            'tr',
            {},
            h('td.number', {}, trials.length),
            h('td', {}, h(`span.badge.${trials[0]?.state ?? ''}`, {}, trials[0]?.state)),
            h('td', {}, trials[0]?.reason || trials[0]?.violated || 'no reason recorded', trials.length > 1 ? h('span.quiet', {}, ' and the like') : null),
            h('td.links', {}, trials.slice(0, most).map((trial) => link(trialById(trial.id) ?? trial)), trials.length > most ? ` and ${trials.length - most} more` : null),
          ),
        ),
      ),
    ),
  );
}

export function jobCards(): HTMLElement {
  const text = (json: Json): string => (json === null || (typeof json === 'object' && Object.keys(json).length === 0) ? 'nothing recorded' : toYaml(json));
  return h(
    'div.two',
    {},
    card('job', 'Settings', 'The job with every default filled in.', null, h('pre.yaml', {tabindex: 0}, text(report.job))),
    card('environment', 'Environment', '', null, h('pre.yaml', {tabindex: 0}, text(report.environment))),
  );
}
