// How one trial is shown at the pointer, in every chart alike.
import {h} from './dom';
import {isMeasured, objectives, report, shortChoice, stageCount, stageReached, valueOf, type Trial} from './data';
import {label, plural, short, withUnit} from './format';

export function badges(trial: Trial): HTMLElement[] {
  const list: HTMLElement[] = [];
  if (trial.id === report.knee) list.push(h('span.badge.knee', {}, 'knee'));
  if (trial.front) list.push(h('span.badge.front', {}, 'front'));
  if (trial.state !== 'complete') list.push(h(`span.badge.${trial.state}`, {}, trial.state));
  if (isMeasured(trial) && !trial.feasible) list.push(h('span.badge.infeasible', {}, 'infeasible'));
  return list;
}

export function tip(trial: Trial, ...more: (HTMLElement | null)[]): HTMLElement {
  const measurement = trial.results.at(-1)?.measurement;
  const rows = objectives.map((objective) => [label(objective.name), short(valueOf(trial, objective.name))] as const);
  return h(
    'div.tip-body',
    {},
    h('div.tip-head', {}, h('strong', {}, `Trial #${trial.id}`), badges(trial)),
    h('div.tip-choice', {}, shortChoice(trial)),
    h(
      'dl.pairs',
      {},
      rows.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
      measurement?.spread_ms !== undefined && measurement.p90_ms !== undefined
        ? [h('dt', {}, 'latency p90, spread'), h('dd', {}, `${withUnit('x_ms', measurement.p90_ms)}, ±${withUnit('x_ms', measurement.spread_ms)}`)]
        : null,
      [h('dt', {}, 'trained'), h('dd', {}, `${plural(trial.trained, 'epoch')}${stageCount > 1 ? `, stage ${stageReached(trial) + 1}` : ''}`)],
    ),
    trial.violated ? h('div.tip-note', {}, trial.violated) : null,
    measurement?.disturbed ? h('div.tip-note', {}, `measurement disturbed: ${measurement.disturbance ?? ''}`) : null,
    ...more,
  );
}
