// Parallel coordinates: what was chosen and what came of it, one line a trial, coloured by the first objective.
import {base, colour, makeChart, tooltip, type Option} from './chart';
import {byRank, choiceNames, isMeasured, objectives, report, trialById, valueOf, varyingChoices, type Trial} from './data';
import {card, h} from './dom';
import {cut, extent, label, plural, short} from './format';
import {tip} from './trial_view';

interface Dimension {
  name: string;
  read: (trial: Trial) => string | number | null;
  categories: string[] | null;
  steps: boolean;  // numbers shown as categories
}

/** Few different numbers are shown as steps of equal distance, as learning rates are chosen. */
const mostSteps = 10;
const mostDimensions = 14;
const mostLines = 1500;

function choiceDimension(name: string, trials: Trial[]): Dimension {
  const found = [...new Set(trials.map((trial) => trial.choice[name]))];
  const absent = found.includes(undefined);
  const values = found.filter((value) => value !== undefined);
  const numeric = values.every((value) => typeof value === 'number');
  if (numeric && !absent && values.length > mostSteps) return {name, read: (trial) => trial.choice[name] ?? null, categories: null, steps: false};
  const sorted = numeric ? (values as number[]).toSorted((a, b) => a - b) : values.map(String).toSorted();
  const text = (value: string | number | undefined): string => (value === undefined ? 'none' : typeof value === 'number' ? short(value) : value);
  const categories = [...new Set([...(absent ? ['none'] : []), ...sorted.map(text)])];
  return {name, read: (trial) => text(trial.choice[name]), categories, steps: numeric};
}

export function parallelCard(open: (trial: Trial) => void): HTMLElement | null {
  const first = objectives[0];
  if (!first) return null;
  const all = report.trials.filter((trial) => isMeasured(trial) && objectives.every((objective) => valueOf(trial, objective.name) !== null)).toSorted(byRank);
  // Drawn last lies on top: the better trials.
  const trials = all.slice(0, mostLines).reverse();
  if (trials.length < 2) return null;
  const names = varyingChoices.length > 0 ? varyingChoices : choiceNames;
  const room = Math.max(1, mostDimensions - objectives.length);
  const dimensions: Dimension[] = [
    ...names.slice(0, room).map((name) => choiceDimension(name, trials)),
    ...objectives.map((objective) => ({name: objective.name, read: (trial: Trial) => valueOf(trial, objective.name), categories: null, steps: false})),
  ];
  const firstIndex = dimensions.length - objectives.length;
  const values = trials.map((trial) => valueOf(trial, first.name) ?? 0);
  const [low, high] = extent(values);
  const most = Math.max(...dimensions.map((dimension) => dimension.categories?.length ?? 0));

  const build = (): Option => ({
    ...base(),
    parallel: {
      left: 28 + 6.4 * Math.max(8, ...(dimensions[0]?.categories ?? []).map((text) => Math.min(20, text.length))),
      right: 120,
      top: 44,
      bottom: 24,
      parallelAxisDefault: {
        nameLocation: 'end',
        nameGap: 16,
        nameTextStyle: {color: colour('ink'), fontSize: 12, fontWeight: 600},
        axisLine: {lineStyle: {color: colour('line-strong'), width: 1.2}},
        axisTick: {show: false},
        // To the left of its axis, where the lines of the first one do not run through the longest texts.
        axisLabel: {color: colour('ink'), fontSize: 11, margin: -8, align: 'right', textBorderColor: colour('card'), textBorderWidth: 3},
        areaSelectStyle: {width: 18, borderColor: colour('front'), color: colour('front'), opacity: 0.18, borderWidth: 1},
      },
    },
    parallelAxis: dimensions.map((dimension, dim) => {
      // Words read downwards; of objectives the better value is at the top.
      const inverse = dimension.categories ? !dimension.steps : objectives.find((o) => o.name === dimension.name)?.direction === 'minimize';
      return {
        dim,
        z: 10,
        name: label(dimension.name),
        inverse,
        nameLocation: inverse ? 'start' : 'end',
        ...(dimension.categories
          ? {type: 'category', data: dimension.categories, axisLabel: {interval: 0, formatter: (text: string) => cut(text, 20)}}
          : {type: 'value', scale: true, axisLabel: {formatter: short}}),
      };
    }),
    visualMap: {
      type: 'continuous',
      dimension: firstIndex,
      min: low,
      max: high > low ? high : low + 1,
      right: 6,
      top: 'middle',
      itemHeight: 160,
      itemWidth: 12,
      text: [label(first.name), ''],
      textStyle: {color: colour('muted'), fontSize: 11},
      formatter: (value: number) => short(value),
      calculable: false,
      hoverLink: false,
      inRange: {color: ['scale-0', 'scale-1', 'scale-2', 'scale-3', 'scale-4'].map(colour)},
    },
    tooltip: {
      ...tooltip(),
      formatter: (at: {data?: {trial: number}}) => {
        const trial = at.data ? trialById(at.data.trial) : undefined;
        return trial ? tip(trial) : '';
      },
    },
    series: [
      {
        type: 'parallel',
        smooth: 0.12,
        inactiveOpacity: 0.03,
        lineStyle: {width: 1.4, opacity: trials.length > 60 ? 0.5 : 0.75},
        emphasis: {lineStyle: {width: 3.5, opacity: 1}},
        data: trials.map((trial) => ({
          value: dimensions.map((dimension) => dimension.read(trial) ?? '-'),
          trial: trial.id,
          ...(trial.front ? {lineStyle: {width: 2.8, opacity: 0.95}} : {}),
        })),
      },
    ],
  });
  const chart = makeChart('bars', 'Parallel coordinates', build, open);
  chart.element.style.height = `${Math.min(640, Math.max(380, 80 + most * 19))}px`;
  const left = names.length > room ? ` ${names.length - room} more parameters are in the table.` : '';
  const drawn = all.length > trials.length ? ` ${plural(trials.length, 'trial')} of ${all.length.toLocaleString('en')} are drawn, the best.` : '';
  return card('choices', 'Choices and objectives', `One line a trial; thick lines are on the front; up is better on the axes of objectives. Drag along an axis to keep some.${drawn}${left}`, null, h('div', {}, chart.element));
}
