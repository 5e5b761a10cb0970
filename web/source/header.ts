// The top of the page: what the study found, in one sentence and a few figures.
import {bestOnFront, frontTrials, isMeasured, objectives, report, shortChoice, stageCount, trialById, valueOf, type Trial} from './data';
import {h} from './dom';
import {cut, duration, label, named, plural, withUnit} from './format';

function summary(open: (trial: Trial) => void): HTMLElement {
  const count = report.trials.length;
  if (count === 0) return h('p.summary', {}, 'No trials yet: the search has not proposed anything.');
  const head = `${plural(count, 'trial')}${stageCount > 1 ? `, ${plural(stageCount, 'stage')}` : ''}; `;
  const first = objectives[0];
  const best = first ? bestOnFront(first) : undefined;
  if (!first || !best) {
    const failed = report.trials.filter((trial) => trial.state === 'failed').length;
    const why = failed === count ? (count === 1 ? 'it failed.' : 'all of them failed.') : 'none is on the Pareto front yet.';
    return h('p.summary', {}, head + why);
  }
  const link = (trial: Trial): HTMLElement => h('button.link', {type: 'button', click: () => open(trial)}, `#${trial.id}`);
  const at = (trial: Trial): string => objectives.slice(1).map((objective) => named(objective.name, valueOf(trial, objective.name))).join(', ');
  const rest = (trial: Trial): string => (objectives.length > 1 ? ` at ${at(trial)}` : '');
  const knee = report.knee === null ? undefined : trialById(report.knee);
  return h(
    'p.summary',
    {},
    head,
    `${plural(frontTrials.length, 'network')} on the Pareto front; best ${named(first.name, valueOf(best, first.name))}${rest(best)} (`,
    link(best),
    ').',
    knee && knee.id !== best.id ? [` The knee of the front, `, link(knee), ` (${cut(shortChoice(knee), 70)}), reaches ${named(first.name, valueOf(knee, first.name))}${rest(knee)}.`] : null,
  );
}

function figure(value: string, name: string, note = ''): HTMLElement {
  return h('div.figure', {}, h('strong', {}, value), h('span', {}, name), note ? h('small', {}, note) : null);
}

export function pageHeader(open: (trial: Trial) => void): HTMLElement {
  const {study, trials} = report;
  const inState = (state: Trial['state']): number => trials.filter((trial) => trial.state === state).length;
  const spent = trials.flatMap((trial) => trial.results).reduce((sum, r) => sum + (r.train_s ?? 0) + (r.measure_s ?? 0) + (r.export_s ?? 0) + (r.overhead_s ?? 0), 0);
  const states = (['complete', 'running', 'waiting', 'pruned', 'failed', 'rejected'] as const).map((state) => [state, inState(state)] as const).filter(([, count]) => count > 0);
  const infeasible = trials.filter((trial) => isMeasured(trial) && !trial.feasible).length;
  const facts = [study.strategy ? `${study.strategy} search` : '', `seed ${study.seed}`, study.created ? `started ${study.created.replace('T', ' ').replace(/(:\d\d)(\.\d+)?Z$/, '$1 UTC')}` : ''].filter((fact) => fact !== '');
  return h(
    'header.top',
    {},
    h('p.kicker', {}, 'edgewise report'),
    h('h1', {}, study.name || 'study'),
    summary(open),
    h(
      'div.figures',
      {},
      figure(String(trials.length), trials.length === 1 ? 'trial' : 'trials', states.map(([state, count]) => `${count} ${state}`).join(', ')),
      figure(String(report.front.length), 'on the Pareto front', infeasible > 0 ? `${infeasible} measured, infeasible` : ''),
      objectives.map((objective) => {
        const best = bestOnFront(objective);
        return best ? figure(withUnit(objective.name, valueOf(best, objective.name)), `best ${label(objective.name).replace(/ \(.*\)$/, '')}`, `#${best.id}, ${objective.direction}d`) : null;
      }),
      spent > 0 ? figure(duration(spent), 'of computing', 'all workers together') : null,
    ),
    h(
      'div.facts',
      {},
      study.constraints.length > 0 ? h('span', {}, 'constraints: ', study.constraints.map((text) => h('code', {}, text))) : h('span', {}, 'no constraints'),
      facts.map((fact) => h('span', {}, fact)),
    ),
  );
}
