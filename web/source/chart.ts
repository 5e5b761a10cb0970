// Apache ECharts, the parts that are used, and what all charts of the page have in common.
import {CustomChart, LineChart, ParallelChart, ScatterChart} from 'echarts/charts';
import {DataZoomSliderComponent, GridComponent, LegendComponent, MarkLineComponent, ParallelComponent, TooltipComponent, VisualMapContinuousComponent} from 'echarts/components';
import * as core from 'echarts/core';
import {CanvasRenderer} from 'echarts/renderers';
import type {EChartsCoreOption, EChartsType} from 'echarts/core';
import {h} from './dom';
import {trialById, type Trial} from './data';
import {extent, short} from './format';
import {later} from './later';

core.use([
  CustomChart, LineChart, ParallelChart, ScatterChart, DataZoomSliderComponent, GridComponent, LegendComponent, MarkLineComponent,
  ParallelComponent, TooltipComponent, VisualMapContinuousComponent, CanvasRenderer,
]);

export type Option = EChartsCoreOption;

const dark = window.matchMedia('(prefers-color-scheme: dark)');

/** The page's colours, as the style sheet has them now. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
/** Later stages are stronger in colour; there are four shades, more stages share the last. */
export const stageColour = (stage: number): string => colour(`stage-${Math.min(stage, 3)}`);

export interface Chart {
  readonly element: HTMLElement;
  readonly engine: EChartsType;
  redraw(): void;
}

/**
 * A chart that follows its size and the colour scheme. `build` is called again whenever something changed; `open` is told of the
 * trial whose mark was clicked. It is drawn after the page's first chart unless it is wanted at once.
 */
export function makeChart(className: string, name: string, build: () => Option, open?: (trial: Trial) => void, when: 'at once' | 'later' = 'later'): Chart {
  let isWanted = when === 'at once';
  const element = h(`div.chart.${className}`, {role: 'img', 'aria-label': name});
  let engine: EChartsType | undefined;
  const chart: Chart = {
    element,
    get engine() {
      if (!engine) {
        engine = core.init(element, null, {renderer: 'canvas'});
        engine.setOption(build());
        engine.on('click', (at) => {
          const id = (at.data as {trial?: number} | undefined)?.trial;
          const trial = id === undefined ? undefined : trialById(id);
          engine?.dispatchAction({type: 'hideTip'});
          if (trial) open?.(trial);
        });
      }
      return engine;
    },
    redraw() {
      chart.engine.setOption(build(), {notMerge: true});
    },
  };
  // The first size arrives when the element is in the page, which is when a chart can be made.
  const watch = new ResizeObserver(() => {
    if (element.clientWidth === 0) return;
    if (engine) engine.resize();
    else if (isWanted) void chart.engine;
  });
  if (!isWanted)
    later(() => {
      isWanted = true;
      if (element.clientWidth > 0) void chart.engine;
    });
  watch.observe(element);
  const follow = (): void => {
    if (!element.isConnected) {
      dark.removeEventListener('change', follow);
      watch.disconnect();
      engine?.dispose();
    } else if (engine) {
      chart.redraw();
    }
  };
  dark.addEventListener('change', follow);
  return chart;
}

export const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

export function base(): Option {
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: {fontFamily: font, color: colour('ink')},
    aria: {enabled: false},
  };
}

export function axisStyle(title: string, vertical = false): Record<string, unknown> {
  return {
    name: title,
    nameLocation: 'middle',
    nameGap: vertical ? 46 : 30,
    nameTextStyle: {color: colour('muted'), fontSize: 12},
    axisLine: {show: !vertical, lineStyle: {color: colour('line-strong')}},
    axisTick: {show: false},
    axisLabel: {color: colour('muted'), fontSize: 11, formatter: short, hideOverlap: true},
    splitLine: {lineStyle: {color: colour('line')}},
    minorSplitLine: {show: false},
  };
}

/** The range of an axis: round numbers, or powers of the base of a logarithmic one, that hold all values. */
export function range(values: readonly number[], log: boolean, extra: readonly number[] = []): Record<string, unknown> {
  const all = values.filter((value) => Number.isFinite(value) && (!log || value > 0));
  if (all.length === 0) return log ? {type: 'log', logBase: 10} : {type: 'value'};
  let [low, high] = extent(all);
  // A bound far outside would squeeze the points; it is drawn only where it is near.
  for (const limit of extra) {
    if (log ? limit <= high * 2 && limit >= low / 2 : limit <= high + (high - low) * 0.35 && limit >= low - (high - low) * 0.35) {
      low = Math.min(low, limit);
      high = Math.max(high, limit);
    }
  }
  if (log) {
    const base = high / low < 500 ? 2 : 10;
    const power = (value: number, round: (x: number) => number): number => base ** round(Math.log(value) / Math.log(base));
    return {type: 'log', logBase: base, min: power(low * 0.99, Math.floor), max: power(high * 1.01, Math.ceil)};
  }
  const span = high - low || Math.abs(high) || 1;
  const rough = span / 5;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => size >= rough) ?? 10 * magnitude;
  const floor = Math.floor((low - span * 0.04) / step) * step;
  const digits = (value: number): number => Number(value.toPrecision(12));
  return {
    type: 'value',
    min: digits(low >= 0 ? Math.max(0, floor) : floor),
    max: digits(Math.ceil((high + span * 0.04) / step) * step),
    interval: digits(step),
  };
}

/** The look of the box at the pointer; its content is an element made from values. */
export function tooltip(): Record<string, unknown> {
  return {
    trigger: 'item',
    className: 'tip',
    confine: true,
    backgroundColor: colour('card'),
    borderColor: colour('line-strong'),
    borderWidth: 1,
    padding: [10, 12],
    textStyle: {color: colour('ink'), fontSize: 12, fontFamily: font},
    extraCssText: 'box-shadow: 0 6px 24px rgb(0 0 0 / 14%); border-radius: 8px; max-width: 340px; white-space: normal; z-index: 30;',
    transitionDuration: 0,
  };
}
