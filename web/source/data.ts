// What the page knows: the JSON that edgewise put into it, and what follows from it.

import {short} from './format';

export type Json = null | boolean | number | string | Json[] | {[name: string]: Json};
export type Values = Record<string, number | null>;

export interface Measurement {
  latency_ms?: number;
  p90_ms?: number;
  p99_ms?: number;
  min_ms?: number;
  spread_ms?: number;
  runs?: number;
  warmup_runs?: number;
  load_ms?: number;
  peak_memory_bytes?: number;
  model_bytes?: number;
  disturbed?: boolean;
  disturbance?: string;
  device?: string;
  processor?: string;
  provider?: string;
  precision?: string;
  runtime?: string;
  threads?: number;
  clock?: string;
}

export interface StageResult {
  stage: number;
  epochs: number;
  best_epoch: number;
  values: Values;
  measurement: Measurement | null;
  details: Json;
  train_s: number | null;
  measure_s: number | null;
  export_s: number | null;
  overhead_s: number | null;
  finished: string;
}

/** A learning curve by columns. */
export interface Curve {
  stage: number[];
  epoch: number[];
  train_loss: (number | null)[];
  validation_loss: (number | null)[];
  metrics: Record<string, (number | null)[]>;
  seconds: (number | null)[];
}

export interface Trial {
  id: number;
  state: 'waiting' | 'running' | 'complete' | 'pruned' | 'failed' | 'rejected';
  stage: number;
  epochs: number;
  choice: Record<string, string | number>;
  values: Values;
  known: Values;
  reason: string;
  front: boolean;
  rank: number | null;
  feasible: boolean;
  violated: string | null;
  results: StageResult[];
  curve: Curve;
}

export interface Objective {
  name: string;
  direction: 'minimize' | 'maximize';
}

export interface Report {
  study: {
    name: string;
    seed: number;
    created: string;
    objectives: Objective[];
    constraints: string[];
    strategy: string | null;
  };
  trials: Trial[];
  front: number[];
  knee: number | null;
  chosen: number | null;
  environment: Json;
  job: Json;
  data: DataFacts | null;
}

/** Files of one kind: found is used and all that were left out. */
export interface Tally {
  found: number;
  used: number;
  left_out: Record<string, {count: number; examples: string[]}>;
}

/** What was said of the pictures when the study began; a built-in set has no account. */
export interface DataFacts {
  remarks: string[];
  account: {pictures: Tally; labels: Tally} | null;
}

function embedded(id: string): unknown {
  return JSON.parse(document.getElementById(id)?.textContent ?? 'null');
}

const numbers = new Set(['latency_ms', 'p90_ms', 'p99_ms', 'min_ms', 'spread_ms', 'runs', 'warmup_runs', 'load_ms', 'peak_memory_bytes', 'model_bytes', 'threads']);

/** A measurement is whatever a device said; a field of another type than expected counts as absent. */
function measurementOf(json: Json): Measurement | null {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  const wanted = (name: string): string => (numbers.has(name) ? 'number' : name === 'disturbed' ? 'boolean' : 'string');
  return Object.fromEntries(Object.entries(json).filter(([name, value]) => typeof value === wanted(name)));
}

export const report = embedded('report-data') as Report;
for (const trial of report.trials) for (const result of trial.results) result.measurement = measurementOf(result.measurement as Json);
export const drawings = (embedded('report-drawings') ?? {}) as Record<string, string>;

export const objectives = report.study.objectives;
const byId = new Map(report.trials.map((trial) => [trial.id, trial]));
export const trialById = (id: number): Trial | undefined => byId.get(id);
export const frontTrials = report.front.map((id) => byId.get(id)).filter((trial) => trial !== undefined);

/** Epochs trained in total, those of a stage that did not end included. */
export const epochsTrained = (trial: Trial): number => Math.max(trial.results.at(-1)?.epochs ?? 0, ...trial.curve.epoch.slice(-1));

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
export const varyingChoices = choiceNames.filter((name) => new Set(report.trials.map((trial) => trial.choice[name])).size > 1);

/** Objectives first, then everything else that was recorded. */
export const valueNames = unique([
  ...objectives.map((objective) => objective.name),
  ...report.trials.flatMap((trial) => [...Object.keys(trial.values), ...Object.keys(trial.known)]).sort(),
]);
export const metricNames = unique(report.trials.flatMap((trial) => Object.keys(trial.curve.metrics)));

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
