// The Pareto front: every measured trial, the front as a step line, bounds of constraints.
import {axisStyle, base, colour, makeChart, range, stageColour, tooltip, type Option} from './chart';
import {bounds, frontTrials, isMeasured, objectives, report, stageCount, stageReached, trialById, valueNames, valueOf, type Trial} from './data';
import {card, h, select, tick} from './dom';
import {extent, label} from './format';
import {tip} from './trial_view';

interface Point {
  value: [number, number];
  trial: number;
}

/** What costs goes to the right, what is gained goes up. */
function defaultAxes(): {x: string; y: string} {
  const first = objectives[0]?.name ?? valueNames[0] ?? '';
  const second = objectives[1]?.name ?? valueNames.find((name) => name !== first) ?? first;
  const gained = objectives.find((objective) => objective.direction === 'maximize')?.name ?? first;
  return {x: gained === first ? second : first, y: gained};
}

/** More dots than this are drawn as one shape, small and without rims, which would cover all others. */
const manyDots = 1500;
const large = {large: true, largeThreshold: manyDots};

const directionOf = (name: string): 'minimize' | 'maximize' | null => objectives.find((objective) => objective.name === name)?.direction ?? null;

/** Front trials that no other one beats in these two objectives alone, in the order of the step line. */
function stepLine(x: string, y: string): Point[] {
  const dx = directionOf(x);
  const dy = directionOf(y);
  if (dx === null || dy === null || x === y) return [];
  const sx = dx === 'minimize' ? 1 : -1;
  const sy = dy === 'minimize' ? 1 : -1;
  const points = frontTrials
    .map((trial) => point(trial, x, y))
    .filter((p) => p !== null)
    .toSorted((a, b) => sx * (a.value[0] - b.value[0]) || sy * (a.value[1] - b.value[1]));
  let best = Infinity;
  return points.filter((p) => {
    const better = sy * p.value[1] < best;
    if (better) best = sy * p.value[1];
    return better;
  });
}

function point(trial: Trial, x: string, y: string): Point | null {
  const px = valueOf(trial, x);
  const py = valueOf(trial, y);
  return px === null || py === null ? null : {value: [px, py], trial: trial.id};
}

const spanOf = (name: string): number => {
  const values = report.trials.filter(isMeasured).map((trial) => valueOf(trial, name) ?? 0).filter((value) => value > 0);
  const [low, high] = extent(values);
  return values.length > 0 ? high / low : 1;
};

export function frontCard(open: (trial: Trial) => void): HTMLElement {
  const axes = defaultAxes();
  let log = spanOf(axes.x) > 12;

  const build = (): Option => {
    const measured = report.trials.filter(isMeasured);
    const positive = (p: Point): boolean => !log || p.value[0] > 0;
    const points = (trials: Trial[]): Point[] => trials.map((trial) => point(trial, axes.x, axes.y)).filter((p) => p !== null).filter(positive);
    const plain = measured.filter((trial) => !trial.front && trial.feasible);
    const everything = points(measured);
    const xBounds = bounds.filter((bound) => bound.name === axes.x);
    const yBounds = bounds.filter((bound) => bound.name === axes.y);
    const xRange = range(everything.map((p) => p.value[0]), log, xBounds.map((bound) => bound.limit));
    const yRange = range(everything.map((p) => p.value[1]), false, yBounds.map((bound) => bound.limit));
    const inside = (limit: number, axis: Record<string, unknown>): boolean => limit >= Number(axis['min']) && limit <= Number(axis['max']);
    const knee = report.knee === null ? undefined : trialById(report.knee);
    const stages = [...new Set(plain.map(stageReached))].sort((a, b) => a - b);
    const boundStyle = {
      symbol: 'none',
      silent: true,
      lineStyle: {color: colour('bad'), type: [6, 5], width: 1.2},
    };
    return {
      ...base(),
      grid: {left: 66, right: 28, top: 44, bottom: 52},
      tooltip: {
        ...tooltip(),
        formatter: (at: {data?: Point}) => {
          const trial = at.data ? trialById(at.data.trial) : undefined;
          return trial ? tip(trial) : '';
        },
      },
      legend: {
        top: 4,
        left: 56,
        itemGap: 18,
        itemWidth: 12,
        itemHeight: 12,
        textStyle: {color: colour('muted'), fontSize: 12},
        data: [
          {name: 'Pareto front', icon: 'circle'},
          ...stages.map((stage) => ({name: stageCount > 1 ? `stage ${stage + 1}` : 'other trials', icon: 'circle'})),
          ...(measured.some((trial) => !trial.feasible) ? [{name: 'breaks a constraint'}] : []),
        ],
      },
      xAxis: {...axisStyle(label(axes.x)), ...xRange},
      yAxis: {...axisStyle(label(axes.y), true), ...yRange},
      series: [
        {
          name: 'breaks a constraint',
          type: 'scatter',
          ...large,
          symbol: 'circle',
          symbolSize: measured.length - plain.length > manyDots ? 4 : 8,
          itemStyle: {color: 'transparent', borderColor: colour('faint'), borderWidth: 1.5},
          data: points(measured.filter((trial) => !trial.feasible && !trial.front)),
        },
        ...stages.map((stage) => ({
          name: stageCount > 1 ? `stage ${stage + 1}` : 'other trials',
          type: 'scatter',
          ...large,
          symbolSize: (plain.length > manyDots ? 4 : 9) + Math.min(stage, 3),
          itemStyle: plain.length > manyDots ? {color: stageColour(stage), opacity: 0.6} : {color: stageColour(stage), opacity: 0.9, borderColor: colour('card'), borderWidth: 1},
          data: points(plain.filter((trial) => stageReached(trial) === stage)),
        })),
        {
          name: 'front line',
          type: 'line',
          step: 'end',
          symbol: 'none',
          silent: true,
          z: 3,
          lineStyle: {color: colour('front'), width: 2, opacity: 0.75},
          data: stepLine(axes.x, axes.y).filter(positive).map((p) => p.value),
        },
        {
          name: 'Pareto front',
          type: 'scatter',
          z: 5,
          symbolSize: 12,
          itemStyle: {color: colour('front'), borderColor: colour('card'), borderWidth: 1.5},
          emphasis: {scale: 1.35},
          data: points(frontTrials),
        },
        {
          name: 'knee',
          type: 'scatter',
          z: 4,
          silent: true,
          symbol: 'circle',
          symbolSize: 23,
          itemStyle: {color: 'transparent', borderColor: colour('front'), borderWidth: 1.6},
          label: {show: true, formatter: 'knee', position: 'bottom', distance: 3, color: colour('front-ink'), fontSize: 12, fontWeight: 600, textBorderColor: colour('card'), textBorderWidth: 3},
          data: knee ? points([knee]) : [],
        },
        {
          name: 'bounds',
          type: 'line',
          data: [],
          markLine: {
            ...boundStyle,
            label: {color: colour('bad'), fontSize: 11, textBorderColor: colour('card'), textBorderWidth: 3},
            data: [
              ...xBounds.filter((bound) => inside(bound.limit, xRange)).map((bound) => ({xAxis: bound.limit, label: {formatter: bound.text, position: 'end', rotate: 0, distance: 4}})),
              ...yBounds.filter((bound) => inside(bound.limit, yRange)).map((bound) => ({yAxis: bound.limit, label: {formatter: bound.text, position: 'insideEndTop'}})),
            ],
          },
        },
      ],
    };
  };

  const chart = makeChart('tall', 'Pareto front', build, open, 'at once');

  const options = valueNames.map((name) => ({value: name, label: label(name) + (directionOf(name) ? ' •' : '')}));
  const logBox = tick('log x', log, (on) => {
    log = on;
    chart.redraw();
  });
  const controls = [
    select('x', options, axes.x, (name) => {
      axes.x = name;
      chart.redraw();
    }),
    select('y', options, axes.y, (name) => {
      axes.y = name;
      chart.redraw();
    }),
    logBox,
  ];
  if (!report.trials.some(isMeasured)) return card('front', 'Pareto front', '', null, h('p.empty', {}, 'No trial has been measured yet.'));
  return card('front', 'Pareto front', 'Each dot is a trial. Point at one to read it, click it to open it.', controls, chart.element);
}
