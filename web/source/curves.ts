// Learning curves: one line a trial and stage. Hundreds of lines stay readable because only the one nearest to the pointer speaks.
import {axisStyle, base, colour, makeChart, range, stageColour, type Chart, type Option} from './chart';
import {byRank, curveOf, metricNames, readCurves, report, stageCount, type Trial} from './data';
import {card, choiceButtons, h, select, tick} from './dom';
import {extent, label, quantile, short} from './format';
import {later} from './later';
import {tip} from './trial_view';

type Point = [epoch: number, value: number];

/** What a trial did in one stage; where it went on with its weights, it starts at the last point of the stage before. */
export interface Stroke {
  trial: Trial;
  stage: number;
  points: Point[];
}

export function strokes(trial: Trial, values: readonly (number | null)[]): Stroke[] {
  const parts: Stroke[] = [];
  const curve = curveOf(trial);
  curve.epoch.forEach((epoch, i) => {
    const stage = curve.stage[i] ?? 0;
    const value = values[i];
    let part = parts.at(-1);
    if (!part || part.stage !== stage) {
      const before = part?.points.at(-1);
      part = {trial, stage, points: before && before[0] < epoch ? [before] : []};
      parts.push(part);
    }
    if (typeof value === 'number' && Number.isFinite(value)) part.points.push([epoch, value]);
  });
  return parts.filter((part) => part.points.length > 0);
}

/** Epochs at which a stage ended, where all trials agree on it. */
function stageEnds(): number[] {
  const ends = new Map<number, Set<number>>();
  for (const trial of report.trials) {
    const curve = curveOf(trial);
    curve.epoch.forEach((epoch, i) => {
      const stage = curve.stage[i] ?? 0;
      const next = curve.stage[i + 1];
      if (next !== undefined && next !== stage) ends.set(stage, (ends.get(stage) ?? new Set()).add(epoch));
    });
  }
  return [...ends.values()].filter((epochs) => epochs.size === 1).flatMap((epochs) => [...epochs]);
}

/** More lines are no picture, and take seconds to draw. */
const mostLines = 600;
const withCurve = (trial: Trial): boolean => curveOf(trial).epoch.length > 0;

/** The trials whose curves are drawn, in their order: all, or the best of too many. */
function drawn(isShown: (trial: Trial) => boolean): Trial[] {
  const all = report.trials.filter((trial) => withCurve(trial) && isShown(trial));
  return all.length <= mostLines ? all : all.toSorted(byRank).slice(0, mostLines).sort((a, b) => a.id - b.id);
}

interface View {
  title: string;
  values: (trial: Trial) => readonly (number | null)[];
  log: boolean;
}

function curveChart(name: string, view: () => View, shown: () => (trial: Trial) => boolean, open: (trial: Trial) => void): Chart {
  let lines: Stroke[] = [];
  let pointed: Trial | undefined;

  const build = (): Option => {
    const {title, values, log} = view();
    lines = drawn(shown()).flatMap((trial) => strokes(trial, values(trial)));
    const [first, last] = extent(lines.flatMap((line) => line.points.map((p) => p[0])));
    const heights = lines.flatMap((line) => line.points.map((p) => p[1])).filter((value) => !log || value > 0);
    // One network that diverges must not flatten all others: far beyond the middle 96 % lines leave the chart.
    const scale = log ? Math.log : (value: number): number => value;
    const most = scale(quantile(heights, 0.98));
    const least = scale(quantile(heights, 0.02));
    const kept = heights.filter((value) => scale(value) <= most + (most - least) * 0.5 && scale(value) >= least - (most - least) * 0.5);
    const many = lines.length > 24;
    const ends = stageEnds();
    return {
      ...base(),
      grid: {left: 62, right: 20, top: 26, bottom: 50},
      xAxis: {
        ...axisStyle('epoch'),
        type: 'value',
        min: Math.min(first, 1),
        max: Math.max(last, 2),
        minInterval: 1,
        splitLine: {show: false},
      },
      yAxis: {...axisStyle(title, true), ...range(kept, log)},
      series: [
        ...lines.map((line) => ({
          type: 'line',
          data: line.points,
          silent: true,
          showSymbol: line.points.length === 1,
          symbol: 'circle',
          symbolSize: 4,
          z: line.trial.front ? 3 : 2,
          clip: true,
          itemStyle: {color: line.trial.front ? colour('front') : stageColour(line.stage)},
          lineStyle: {
            color: line.trial.front ? colour('front') : stageColour(line.stage),
            width: line.trial.front ? 1.7 : 1.1,
            opacity: line.trial.front ? 0.85 : many ? 0.5 : 0.85,
          },
        })),
        {id: 'pointed', type: 'line', silent: true, showSymbol: false, symbol: 'circle', symbolSize: 5, z: 9, data: [], lineStyle: {width: 3, color: colour('ink')}, itemStyle: {color: colour('ink')}},
        {
          type: 'line',
          data: [],
          markLine: {
            symbol: 'none',
            silent: true,
            lineStyle: {color: colour('line-strong'), type: [3, 4], width: 1},
            label: {color: colour('muted'), fontSize: 10, formatter: (at: {value: number}) => `epoch ${at.value}`, position: 'end', distance: 4},
            data: ends.map((epoch) => ({xAxis: epoch})),
          },
        },
      ],
    };
  };

  const chart = makeChart('medium', name, build);
  const box = h('div.tip.floating', {hidden: true});
  chart.element.addEventListener('pointerleave', () => point(undefined, 0, 0));
  chart.element.addEventListener('pointermove', (event) => {
    const frame = chart.element.getBoundingClientRect();
    const x = event.clientX - frame.left;
    const y = event.clientY - frame.top;
    point(nearest(x, y), x, y);
  });
  chart.element.addEventListener('click', () => pointed && open(pointed));

  /** The trial whose line passes nearest to the pointer, within 24 pixels. */
  function nearest(x: number, y: number): Trial | undefined {
    const {log} = view();
    // Both axes are linear in pixels (the logarithmic one in its logarithm), so two points of each tell all others.
    const at = (epoch: number, value: number): [number, number] => chart.engine.convertToPixel({xAxisIndex: 0, yAxisIndex: 0}, [epoch, value]) as [number, number];
    const scale = (value: number): number => (log ? Math.log(Math.max(value, 1e-300)) : value);
    const [x0, y0] = at(0, log ? 1 : 0);
    const [x1, y1] = at(1, log ? 10 : 1);
    const perEpoch = x1 - x0;
    const perValue = (y1 - y0) / (log ? Math.log(10) : 1);
    let best: Trial | undefined;
    let least = 24 * 24;
    for (const line of lines) {
      for (let i = 0; i < line.points.length; i++) {
        const to = line.points[i] as Point;
        const from = line.points[Math.max(i - 1, 0)] as Point;
        const [ax, ay] = [x0 + perEpoch * from[0] - x, y0 + perValue * scale(from[1]) - y];
        const [bx, by] = [x0 + perEpoch * to[0] - x, y0 + perValue * scale(to[1]) - y];
        const [dx, dy] = [bx - ax, by - ay];
        const share = dx === 0 && dy === 0 ? 0 : Math.min(1, Math.max(0, -(ax * dx + ay * dy) / (dx * dx + dy * dy)));
        const distance = (ax + share * dx) ** 2 + (ay + share * dy) ** 2;
        if (distance < least) {
          least = distance;
          best = line.trial;
        }
      }
    }
    return best;
  }

  function point(trial: Trial | undefined, x: number, y: number): void {
    if (trial !== pointed) {
      pointed = trial;
      const {values} = view();
      const data = trial ? strokes(trial, values(trial)).flatMap((line) => line.points) : [];
      chart.engine.setOption({series: [{id: 'pointed', data, showSymbol: data.length < 40}]});
      chart.element.classList.toggle('pointing', trial !== undefined);
      if (trial) {
        const last = curveOf(trial).validation_loss.findLast((value) => value !== null);
        box.replaceChildren(tip(trial, last === undefined ? null : h('div.tip-note.plain', {}, `last validation loss ${short(last)}`)));
      }
    }
    box.hidden = trial === undefined;
    if (!trial) return;
    if (box.parentElement !== chart.element) chart.element.append(box);
    const width = box.offsetWidth;
    const height = box.offsetHeight;
    const left = x + 18 + width > chart.element.clientWidth ? x - 18 - width : x + 18;
    box.style.left = `${Math.max(0, left)}px`;
    box.style.top = `${Math.min(Math.max(0, y - height / 2), Math.max(0, chart.element.clientHeight - height))}px`;
  }
  return chart;
}

type Shown = 'all' | 'promoted' | 'front';

export function curveCards(open: (trial: Trial) => void): HTMLElement {
  let which: Shown = 'all';
  const isShown = () => (trial: Trial) => which === 'all' || (which === 'front' ? trial.front : trial.stage > 0 || trial.results.length > 1);
  const charts: Chart[] = [];
  const place = h('div.curves', {'aria-busy': 'true'}, h('p.empty', {}, 'Reading the curves …'));
  later(async () => {
    await readCurves();
    place.removeAttribute('aria-busy');
    place.replaceChildren(...(report.trials.some(withCurve) ? curveCharts(charts, isShown, open) : [h('p.empty', {}, 'No epoch has been recorded yet.')]));
  });
  const showing = choiceButtons<Shown>(
    [
      {value: 'all', label: 'all trials'},
      ...(stageCount > 1 ? [{value: 'promoted' as const, label: 'promoted'}] : []),
      {value: 'front', label: 'front'},
    ],
    which,
    (value) => {
      which = value;
      for (const chart of charts) chart.redraw();
    },
    'Trials shown',
  );
  return card('curves', 'Learning curves', 'Per candidate and stage. The line nearest to the pointer is named; click opens it.', showing, place);
}

/** The two charts, once the curves are there. */
function curveCharts(charts: Chart[], isShown: () => (trial: Trial) => boolean, open: (trial: Trial) => void): HTMLElement[] {
  let lossLog = true;
  let loss: 'validation_loss' | 'train_loss' = 'validation_loss';
  let metric = metricNames.find((name) => report.study.objectives.some((objective) => objective.name === name)) ?? metricNames[0] ?? '';
  const losses = curveChart('Loss over epochs', () => ({title: loss.replace('_', ' '), values: (trial) => curveOf(trial)[loss], log: lossLog}), isShown, open);
  charts.push(losses);
  const lossList = select('', [{value: 'validation_loss', label: 'validation loss'}, {value: 'train_loss', label: 'training loss'}], loss, (value) => {
    loss = value === 'train_loss' ? 'train_loss' : 'validation_loss';
    losses.redraw();
  });
  const logBox = tick('log', lossLog, (on) => {
    lossLog = on;
    losses.redraw();
  });
  const parts = [h('div', {}, h('div.sub', {}, h('h3', {}, 'Loss over epochs'), h('div.controls', {}, lossList, logBox)), losses.element)];
  if (metricNames.length > 0) {
    const metrics = curveChart('Metric over epochs', () => ({title: label(metric), values: (trial) => curveOf(trial).metrics[metric] ?? [], log: false}), isShown, open);
    charts.push(metrics);
    const metricList = metricNames.length > 1
      ? select('', metricNames.map((name) => ({value: name, label: label(name)})), metric, (name) => {
          metric = name;
          metrics.redraw();
        })
      : null;
    parts.push(h('div', {}, h('div.sub', {}, h('h3', {}, 'Validation metric over epochs'), h('div.controls', {}, metricList)), metrics.element));
  }
  const stages = [...Array(Math.min(stageCount, 4)).keys()];
  const key = h(
    'div.key',
    {},
    stages.map((stage) => h('span', {}, h(`i.swatch.stage-${stage}`), stageCount > 1 ? `stage ${stage + 1}${stage === 3 && stageCount > 4 ? ' and later' : ''}` : 'trial')),
    h('span', {}, h('i.swatch.front'), 'on the front'),
  );
  const count = report.trials.filter(withCurve).length;
  const left = count > mostLines ? [h('p.hint', {}, `${count.toLocaleString('en')} trials have a curve; those of the ${mostLines} best are drawn.`)] : [];
  return [key, ...left, h('div.two', {}, parts)];
}

/** The curve of one trial, loss to the left and the first metric to the right. */
export function trialCurve(trial: Trial): HTMLElement {
  const curve = curveOf(trial);
  const metric = metricNames.find((name) => (curve.metrics[name] ?? []).some((value) => value !== null));
  const join = (values: readonly (number | null)[]): Point[] => strokes(trial, values).flatMap((line) => line.points);
  const lossStyle = (name: string, values: readonly (number | null)[], token: string, dashed: boolean): Record<string, unknown> => ({
    name,
    type: 'line',
    data: join(values),
    showSymbol: join(values).length < 3,
    symbol: 'circle',
    symbolSize: 5,
    itemStyle: {color: colour(token)},
    lineStyle: {color: colour(token), width: 1.8, type: dashed ? [4, 3] : 'solid'},
  });
  return makeChart('small', `Curve of trial ${trial.id}`, () => {
    const lossValues = [...curve.validation_loss, ...curve.train_loss].filter((value) => value !== null);
    const high = quantile(lossValues, 0.98);
    const metricValues = metric ? (curve.metrics[metric] ?? []).filter((value) => value !== null) : [];
    return {
      ...base(),
      grid: {left: 52, right: metric ? 52 : 16, top: 34, bottom: 34},
      legend: {top: 0, left: 0, itemWidth: 16, itemHeight: 8, textStyle: {color: colour('muted'), fontSize: 11}},
      tooltip: {
        trigger: 'axis',
        confine: true,
        className: 'tip',
        backgroundColor: colour('card'),
        borderColor: colour('line-strong'),
        borderWidth: 1,
        textStyle: {color: colour('ink'), fontSize: 12},
        transitionDuration: 0,
        valueFormatter: (value: unknown) => short(typeof value === 'number' ? value : null),
      },
      xAxis: {...axisStyle(''), type: 'value', min: 1, max: Math.max(2, extent(curve.epoch)[1]), minInterval: 1, splitLine: {show: false}},
      yAxis: [
        {...axisStyle('', true), ...range(lossValues.filter((value) => value <= high * 1.5), false)},
        ...(metric ? [{...axisStyle('', true), ...range(metricValues, false), splitLine: {show: false}}] : []),
      ],
      series: [
        lossStyle('validation loss', curve.validation_loss, 'stage-2', false),
        lossStyle('training loss', curve.train_loss, 'stage-1', true),
        ...(metric ? [{...lossStyle(label(metric), curve.metrics[metric] ?? [], 'front', false), yAxisIndex: 1}] : []),
      ],
    };
  }, undefined, 'at once').element;
}
