// What the page knows: the JSON that edgewise put into it, and what follows from it.

import {embeddedCurves, report} from './embedded';
import {short} from './format';
import type {Curve, Objective, Trial} from './schema';

export {drawings, report, unpacked} from './embedded';
export type * from './schema';

export const objectives = report.study.objectives;
const byId = new Map(report.trials.map((trial) => [trial.id, trial]));
export const trialById = (id: number): Trial | undefined => byId.get(id);
export const frontTrials = report.front.map((id) => byId.get(id)).filter((trial) => trial !== undefined);

/** The latest value by name; what is known before training included. */
export function valueOf(trial: Trial, name: string): number | null {
  const value = trial.values[name] ?? trial.known[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Whether it ran: a trial that failed or was rejected has no point in a chart. */
export const isMeasured = (trial: Trial): boolean => trial.results.length > 0 && trial.state !== 'failed';

/** The stage of the latest result, from 0. */
export const stageReached = (trial: Trial): number => trial.results.at(-1)?.stage ?? trial.stage;

export const stageCount = 1 + report.trials.reduce((most, trial) => Math.max(most, trial.stage, ...trial.results.map((r) => r.stage)), 0);

function unique<T>(items: Iterable<T>): T[] {
  return [...new Set(items)];
}

export const choiceNames = unique(report.trials.flatMap((trial) => Object.keys(trial.choice))).sort();
export const varyingChoices: string[] = choiceNames.filter((name) => new Set(report.trials.map((trial) => trial.choice[name])).size > 1);

/** Objectives first, then everything else that was recorded. */
export const valueNames = unique([
  ...objectives.map((objective) => objective.name),
  ...report.trials.flatMap((trial) => [...Object.keys(trial.values), ...Object.keys(trial.known)]).sort(),
]);

/** Curves come after the first charts; until then a trial has none. */
let curves: Curve[] = [];
const noCurve: Curve = {stage: [], epoch: [], train_loss: [], validation_loss: [], metrics: {}};
export const curveOf = (trial: Trial): Curve => curves[trial.id] ?? noCurve;
export let metricNames: string[] = [];
export async function readCurves(): Promise<void> {
  curves = await embeddedCurves();
  metricNames = unique(curves.flatMap((curve) => Object.keys(curve.metrics)));
}

/** Best first: the front, then by rank, then by number. */
export const byRank = (a: Trial, b: Trial): number => Number(b.front) - Number(a.front) || (a.rank ?? Infinity) - (b.rank ?? Infinity) || a.id - b.id;

/** What varies between the trials, in a few words: "resnet18, 0.001". */
export function shortChoice(trial: Trial): string {
  const names = varyingChoices.length > 0 ? varyingChoices : choiceNames;
  return names
    .filter((name) => trial.choice[name] !== undefined)
    .map((name) => {
      const value = trial.choice[name];
      return typeof value === 'string' ? value : `${shortName(name)} ${short(value)}`;
    })
    .join(', ');
}

const shortName = (name: string): string => (name === 'learning_rate' ? 'lr' : name.replaceAll('_', ' '));

/** A bound on one recorded value, where the constraint is as simple as that. */
export interface Bound {
  name: string;
  limit: number;
  text: string;
}

const number = '([-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?)';
const nameFirst = new RegExp(`^\\s*([A-Za-z_]\\w*)\\s*[<>]=?\\s*${number}\\s*$`);
const numberFirst = new RegExp(`^\\s*${number}\\s*[<>]=?\\s*([A-Za-z_]\\w*)\\s*$`);

export const bounds: Bound[] = report.study.constraints.flatMap((text) => {
  const plain = nameFirst.exec(text);
  if (plain?.[1] && plain[2]) return [{name: plain[1], limit: Number(plain[2]), text}];
  const turned = numberFirst.exec(text);
  return turned?.[1] && turned[2] ? [{name: turned[2], limit: Number(turned[1]), text}] : [];
});

/** The name under which latency is recorded. */
export const latencyName = objectives.find((objective) => objective.name.startsWith('latency'))?.name ?? 'latency_ms';

export const trialsWith = (name: string): Trial[] => report.trials.filter((trial) => isMeasured(trial) && valueOf(trial, name) !== null);

/** The best value of an objective on the front. */
export function bestOnFront(objective: Objective): Trial | undefined {
  const sign = objective.direction === 'minimize' ? 1 : -1;
  return frontTrials
    .filter((trial) => valueOf(trial, objective.name) !== null)
    .toSorted((a, b) => sign * ((valueOf(a, objective.name) ?? 0) - (valueOf(b, objective.name) ?? 0)))[0];
}
