// What took the time, and what networks started from.
import {report, type StageResult, type StartingWeights, type Trial} from './data';
import {card, h} from './dom';
import {duration, percent, plural} from './format';

/** Parts of a trial's time, in the order in which they come. */
const parts: readonly {name: string; read: (result: StageResult) => number | null}[] = [
  {name: 'training', read: (result) => result.train_s},
  {name: 'exporting', read: (result) => result.export_s},
  {name: 'measuring', read: (result) => result.measure_s},
  {name: 'other', read: (result) => result.overhead_s},
];

export function spentCard(): HTMLElement | null {
  const results = report.trials.flatMap((trial) => trial.results);
  const sum = (read: (result: StageResult) => number | null | undefined): number => results.reduce((total, result) => total + (read(result) ?? 0), 0);
  const sums = parts.map(({name, read}) => ({name, seconds: sum(read)}));
  const total = sums.reduce((all, {seconds}) => all + seconds, 0);
  if (total <= 0) return null;
  const waited = sum((result) => result.details.kept_waiting_s);
  const row = (name: string, seconds: number): HTMLElement => {
    const bar = h('i.bar');
    bar.style.setProperty('--share', `${((100 * seconds) / total).toFixed(1)}%`);
    return h('tr', {}, h('td', {}, name), h('td.number', {}, duration(seconds)), h('td.number', {}, percent(seconds / total)), h('td.number', {}, duration(seconds / results.length)), h('td.wide', {}, bar));
  };
  return card(
    'spent',
    'What took the time',
    `${duration(total)} of computing, all workers together, in ${plural(results.length, 'result')}.`,
    null,
    h(
      'table.spent',
      {},
      h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, ''), h('th.number', {scope: 'col'}, 'time'), h('th.number', {scope: 'col'}, 'share'), h('th.number', {scope: 'col'}, 'per result'), h('th', {scope: 'col'}, ''))),
      h('tbody', {}, sums.map(({name, seconds}) => row(name, seconds))),
    ),
    waited > 0 ? h('p.hint', {}, `Of training, ${duration(waited)} (${percent(waited / total)}) passed while other workers measured.`) : null,
  );
}

/** "52 of 54 tensors, 1.2 M of 1.3 M parameters (92 %), from squeezenet1_1.pth". */
export function weightsText(weights: StartingWeights): string {
  const millions = (count: number): string => `${(count / 1e6).toFixed(3)} M`;
  const share = weights.of_parameters > 0 ? ` (${percent(weights.parameters / weights.of_parameters)})` : '';
  const prefix = weights.prefix ? ` (under "${weights.prefix}")` : '';
  return `${weights.tensors} of ${weights.of_tensors} tensors, ${millions(weights.parameters)} of ${millions(weights.of_parameters)} parameters${share}, from ${weights.file}${prefix}`;
}

/** One row for all trials that took the same. */
export function weightsCard(open: (trial: Trial) => void): HTMLElement | null {
  const groups = new Map<string, Trial[]>();
  for (const trial of report.trials) {
    const weights = trial.results.at(-1)?.details.starting_weights;
    if (!weights) continue;
    const text = weightsText(weights);
    const group = groups.get(text);
    if (group) group.push(trial);
    else groups.set(text, [trial]);
  }
  if (groups.size === 0) return null;
  const most = 12;
  return card(
    'weights',
    'Starting weights',
    'What networks started from instead of random weights.',
    null,
    h(
      'table.failures',
      {},
      h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'taken'), h('th', {scope: 'col'}, 'trials'))),
      h(
        'tbody',
        {},
        [...groups].map(([text, trials]) =>
          h(
            'tr',
            {},
            h('td', {}, text),
            h('td.links', {}, trials.slice(0, most).map((trial) => h('button.link', {type: 'button', click: () => open(trial)}, `#${trial.id}`)), trials.length > most ? ` and ${trials.length - most} more` : null),
          ),
        ),
      ),
    ),
  );
}
