// What edgewise puts into the page. Written from report/schema.cpp by `make approve`; do not edit.

export type Json = null | boolean | number | string | Json[] | {[name: string]: Json};

/** What a study shows. */
export type Report = {
  /** says what this is */
  format: 'edgewise-report';
  /** of this format: 1 */
  version: number;
  /** what does not change while the study runs */
  study: StudyFacts;
  /** what is declared of the values that the study records */
  quantities: QuantityFacts[];
  /** all trials, by number */
  trials: Trial[];
  /** the trials on the Pareto front, in order of the first objective */
  front: number[];
  /** the front's trial nearest to the best of every objective */
  knee: number | null;
  /** the trial to look at first */
  chosen: number | null;
  /** which trials of the front to look at first and why */
  picks: Pick[];
  /** the few trials that stand for a long front */
  cover: Cover | null;
  /** why no trial has a contribution */
  no_contribution?: string;
  /** what the front's networks showed on the test split: metrics by trial */
  test?: Record<string, Record<string, number>>;
  /** names of the classes, in the order of a confusion matrix */
  classes: string[];
  /** the machine and the versions */
  environment: Json;
  /** the job with every default */
  job: Json;
  /** what was said of the data when the study began */
  data: DataFacts | null;
};

/** What does not change while a study runs. */
export type StudyFacts = {
  /** the job file's stem */
  name: string;
  /** from which all chance of the study comes */
  seed: number;
  /** when it began: UTC, ISO 8601 */
  created: string;
  /** in the job's order */
  objectives: Objective[];
  /** as the job writes them */
  constraints: string[];
  /** the search strategy's name */
  strategy: string | null;
};

/** A recorded value that the search makes small or large. */
export type Objective = {
  /** of the value */
  name: string;
  /** which way is better */
  direction: 'minimize' | 'maximize';
};

/** What is declared of a recorded value. */
export type QuantityFacts = {
  /** as in a trial's values */
  name: string;
  /** "ms", "MB"; empty for a number or a share */
  unit: string;
  /** which way is better */
  better: 'minimize' | 'maximize';
  /** what it is */
  sentence: string;
};

/** One evaluated choice. */
export type Trial = {
  /** from 0, in the order they were proposed */
  id: number;
  /** where it stands */
  state: 'waiting' | 'running' | 'complete' | 'pruned' | 'failed' | 'rejected';
  /** the stage it is in or ended in, from 0 */
  stage: number;
  /** to be trained in total by the end of this stage */
  epochs: number;
  /** of the latest result */
  values: Record<string, number | null>;
  /** known before training */
  known: Record<string, number | null>;
  /** why it failed, was pruned or was rejected */
  reason: string;
  /** whether it is on the Pareto front */
  front: boolean;
  /** from 1 */
  rank: number | null;
  /** share of the front's hypervolume that no other trial covers */
  contribution: number | null;
  /** whether it keeps all constraints */
  feasible: boolean;
  /** the first constraint that it breaks, in words */
  violated: string | null;
  /** one a stage */
  results: StageResult[];
  /** a value for each active parameter */
  choice: Record<string, string | number>;
  /** epochs in total, those of a stage that did not end included */
  trained: number;
};

/** What came of one stage. */
export type StageResult = {
  /** from 0 */
  stage: number;
  /** trained in total when it ended */
  epochs: number;
  /** whose weights were exported */
  best_epoch: number;
  /** all that was recorded, by name */
  values: Record<string, number | null>;
  /** null when nothing was measured */
  measurement: Measurement | null;
  /** what else is known of it */
  details: Details;
  /** files that the trial left in the study's folder */
  artifacts: Artifact[];
  /** training, waits for other workers' measurements included (s) */
  train_s: number | null;
  /** measuring (s) */
  measure_s: number | null;
  /** writing and checking the ONNX file (s) */
  export_s: number | null;
  /** all other time (s) */
  overhead_s: number | null;
  /** UTC, ISO 8601 */
  finished: string;
};

/** One model, measured on a device: latencies of one inference at batch 1. */
export type Measurement = {
  /** median (ms) */
  latency_ms?: number;
  /** 90th percentile (ms) */
  p90_ms?: number;
  /** 99th percentile (ms) */
  p99_ms?: number;
  /** the fastest run (ms) */
  min_ms?: number;
  /** median absolute deviation (ms) */
  spread_ms?: number;
  /** timed runs */
  runs?: number;
  /** runs before them */
  warmup_runs?: number;
  /** reading the file and making the session (ms) */
  load_ms?: number;
  /** growth of the agent's resident memory to its peak (bytes) */
  peak_memory_bytes?: number;
  /** the file's size (bytes) */
  model_bytes?: number;
  /** whether something else used the machine */
  disturbed?: boolean;
  /** what told so */
  disturbance?: string;
  /** its name */
  device?: string;
  /** its model */
  processor?: string;
  /** of the runtime */
  provider?: string;
  /** of the numbers */
  precision?: string;
  /** with its version */
  runtime?: string;
  /** of one inference */
  threads?: number;
  /** governor and frequency where the system tells */
  clock?: string;
  [name: string]: Json | undefined;
};

/** What else is known of a result. */
export type Details = {
  /** path of the artifact "onnx" */
  model?: string;
  /** largest difference of the file's outputs to the module's */
  export_difference?: number;
  /** that it was trained with */
  threads?: number;
  /** of training, while other workers measured (s) */
  kept_waiting_s?: number;
  /** why what earlier stages trained was not continued */
  started_over?: string;
  /** what it began with instead of random weights */
  starting_weights?: StartingWeights;
  /** rows are true classes, columns predicted ones */
  confusion?: number[][];
  /** where it was known from; it cost nothing here */
  answered?: string;
  [name: string]: Json | undefined;
};

/** A file beside the study, as whoever made it recorded it. */
export type Artifact = {
  /** "onnx" */
  kind: string;
  /** below the study's folder */
  path: string;
  /** of its content; null in studies of older programs */
  sha256: string | null;
  /** its size; null in studies of older programs (bytes) */
  bytes: number | null;
};

/** How much of a network began with the weights of a file. */
export type StartingWeights = {
  /** its name */
  file: string;
  /** under which the names in the file stand */
  prefix?: string;
  /** taken from the file */
  tensors: number;
  /** of the network */
  of_tensors: number;
  /** taken from the file */
  parameters: number;
  /** of the network */
  of_parameters: number;
};

/** A learning curve by columns, one entry an epoch. */
export type Curve = {
  /** from 0 */
  stage: number[];
  /** from 1, over all stages unless the trial restarted */
  epoch: number[];
  /** mean of the epoch; null when it was not finite */
  train_loss: (number | null)[];
  /** after the epoch */
  validation_loss: (number | null)[];
  /** on validation, by name */
  metrics: Record<string, (number | null)[]>;
};

/** A trial of the front with a name that `edgewise export --pick` knows. */
export type Pick = {
  /** "best:iou", "knee", "bend", "baseline" */
  name: string;
  /** its number */
  trial: number;
  /** why, in one line */
  reason: string;
};

/** The few trials that stand for a long front. */
export type Cover = {
  /** in the front's order */
  trials: number[];
  /** no trial of the front is better by more than this share of a range */
  share: number | null;
};

/** What was said of the pictures when the study began. */
export type DataFacts = {
  /** one line each */
  remarks: string[];
  /** of all files; a built-in set has none */
  account: Account | null;
};

/** What became of every file below the data folder. */
export type Account = {
  /** of pictures */
  pictures: Tally;
  /** of label files */
  labels: Tally;
};

/** Files of one kind: found is used and all that were left out. */
export type Tally = {
  /** below the folder */
  found: number;
  /** of them */
  used: number;
  /** by reason */
  left_out: Record<string, LeftOut>;
};

/** Files left out for one reason. */
export type LeftOut = {
  /** how many */
  count: number;
  /** some of them */
  examples: string[];
};
