// Latency per candidate and stage: a bar to the median, a whisker to the 90th percentile.
import {axisStyle, base, colour, makeChart, range, stageColour, tooltip, type Option} from './chart';
import {bounds, latencyName, report, shortChoice, stageCount, trialById, varyingChoices, type StageResult, type Trial} from './data';
import {card, choiceButtons, h, tick} from './dom';
import {cut, label, plural, quantile, withUnit} from './format';
import {tip} from './trial_view';

interface Bar {
  value: [row: number, latency: number, p90: number];
  trial: number;
  stage: number;
  nth: number;  // of the candidate's measured stages
  of: number;
  disturbed: boolean;
}

/** Renders with ECharts' custom series: its own bars cannot share a row among a changing number of stages. */
interface CustomApi {
  value(dimension: number): number;
  coord(at: [number, number]): [number, number];
  size(of: [number, number]): [number, number];
}

const rowsShown = 26;

const latencyOf = (result: StageResult): number | null => {
  const value = result.values[latencyName] ?? (latencyName === 'latency_ms' ? result.measurement?.latency_ms : undefined);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
};
const measuredStages = (trial: Trial): StageResult[] => trial.results.filter((result) => latencyOf(result) !== null);

export function latencyCard(open: (trial: Trial) => void): HTMLElement {
  const measured = report.trials.filter((trial) => measuredStages(trial).length > 0);
  if (measured.length === 0) return card('latency', 'Latency', '', null, h('p.empty', {}, 'No latency has been measured yet.'));
  const last = (trial: Trial): number => latencyOf(measuredStages(trial).at(-1) as StageResult) ?? 0;
  const all = measured.flatMap((trial) => measuredStages(trial).map((result) => latencyOf(result) ?? 0));
  // The choice is a name only where few parameters vary; else the trial's number has to do.
  const named = varyingChoices.length <= 3;
  let log = quantile(all, 1) > 20 * Math.max(quantile(all, 0), 1e-9);
  let order: 'rank' | 'latency' = 'rank';

  const build = (): Option => {
    const rows = measured.toSorted((a, b) => (order === 'rank' ? (a.rank ?? Infinity) - (b.rank ?? Infinity) || a.id - b.id : last(a) - last(b) || a.id - b.id));
    const bars: Bar[] = rows.flatMap((trial, row) => {
      const stages = measuredStages(trial);
      return stages.map((result, nth) => {
        const latency = latencyOf(result) ?? 0;
        return {
          value: [row, latency, Math.max(result.measurement?.p90_ms ?? latency, latency)] as [number, number, number],
          trial: trial.id,
          stage: result.stage,
          nth,
          of: stages.length,
          disturbed: result.measurement?.disturbed === true,
        };
      });
    });
    const limits = bounds.filter((bound) => bound.name === latencyName);
    const axis = range([...bars.map((bar) => bar.value[2]), ...bars.map((bar) => bar.value[1]), ...(log ? [] : [0])], log, limits.map((bound) => bound.limit));
    const start = Number(axis['min'] ?? 0);
    const scroll = rows.length > rowsShown;
    const drawBar = (at: {dataIndex: number}, api: CustomApi): unknown => {
      const bar = bars[at.dataIndex] as Bar;
      const [left] = api.coord([start, api.value(0)]);
      const [right, middle] = api.coord([api.value(1), api.value(0)]);
      const [tipX] = api.coord([api.value(2), api.value(0)]);
      const band = api.size([0, 1])[1] * 0.72;
      const each = band / bar.of;
      const y = middle - band / 2 + bar.nth * each;
      const height = Math.max(1.5, each - (bar.of > 1 ? 1 : 0));
      const centre = y + height / 2;
      const reach = Math.min(4, height / 2);
      const whisker = {stroke: colour('muted'), lineWidth: 1.2, fill: 'none'};
      const hollow = bar.disturbed ? {fill: colour('card'), stroke: stageColour(bar.stage), lineWidth: 1.2, lineDash: [3, 2]} : {fill: stageColour(bar.stage)};
      return {
        type: 'group',
        children: [
          {type: 'rect', shape: {x: left, y, width: Math.max(1, right - left), height, r: [0, 2, 2, 0]}, style: hollow},
          ...(tipX > right + 0.5
            ? [
                {type: 'line', shape: {x1: right, y1: centre, x2: tipX, y2: centre}, style: whisker},
                {type: 'line', shape: {x1: tipX, y1: centre - reach, x2: tipX, y2: centre + reach}, style: whisker},
              ]
            : []),
        ],
      };
    };
    return {
      ...base(),
      grid: {left: named ? 280 : 72, right: scroll ? 44 : 26, top: 22, bottom: 48},
      tooltip: {
        ...tooltip(),
        formatter: (at: {data?: Bar}) => {
          const trial = at.data ? trialById(at.data.trial) : undefined;
          if (!trial || !at.data) return '';
          return tip(trial, h('div.tip-note.plain', {}, `${stageCount > 1 ? `stage ${at.data.stage + 1}: ` : ''}median ${withUnit(latencyName, at.data.value[1])}, p90 ${withUnit(latencyName, at.data.value[2])}`));
        },
      },
      xAxis: {...axisStyle(`${label(latencyName)}, median; whisker to p90`), ...axis},
      yAxis: {
        type: 'category',
        inverse: true,
        data: rows.map((trial) => String(trial.id)),
        axisTick: {show: false},
        axisLine: {lineStyle: {color: colour('line-strong')}},
        axisLabel: {
          color: colour('ink'),
          fontSize: 11,
          interval: 0,
          width: 264,
          overflow: 'truncate',
          formatter: (id: string) => {
            const trial = trialById(Number(id));
            if (!trial) return id;
            const text = named ? cut(shortChoice(trial), 34) : '';
            return trial.front ? `{front|●} ${text} {id|#${id}}` : `${text} {id|#${id}}`;
          },
          rich: {front: {color: colour('front'), fontSize: 10}, id: {color: colour('muted'), fontSize: 11}},
        },
      },
      dataZoom: scroll
        ? [{
            type: 'slider',
            yAxisIndex: 0,
            right: 10,
            width: 14,
            startValue: 0,
            endValue: rowsShown - 1,
            zoomLock: true,
            brushSelect: false,
            showDetail: false,
            showDataShadow: false,
            borderColor: 'transparent',
            backgroundColor: colour('track'),
            fillerColor: colour('thumb'),
            handleSize: 0,
            moveHandleSize: 0,
            filterMode: 'filter',
          }]
        : [],
      series: [
        {
          type: 'custom',
          renderItem: drawBar,
          encode: {x: [1, 2], y: 0},
          data: bars,
          clip: true,
          markLine: {
            symbol: 'none',
            silent: true,
            lineStyle: {color: colour('bad'), type: [6, 5], width: 1.2},
            label: {color: colour('bad'), fontSize: 11, position: 'start', distance: 4},
            data: limits.filter((bound) => bound.limit >= start && bound.limit <= Number(axis['max'])).map((bound) => ({xAxis: bound.limit, label: {formatter: bound.text}})),
          },
        },
      ],
    };
  };

  const height = 84 + 22 * Math.min(measured.length, rowsShown);
  const chart = makeChart('bars', 'Latency per candidate', build, open);
  chart.element.style.height = `${height}px`;
  const controls = [
    choiceButtons(
      [
        {value: 'rank', label: 'by rank'},
        {value: 'latency', label: 'by latency'},
      ] as const,
      order,
      (value) => {
        order = value;
        chart.redraw();
      },
      'Order',
    ),
    tick('log', log, (on) => {
      log = on;
      chart.redraw();
    }),
  ];
  const key = h(
    'div.key',
    {},
    stageCount > 1 ? [...Array(Math.min(stageCount, 4)).keys()].map((stage) => h('span', {}, h(`i.swatch.stage-${stage}`), `stage ${stage + 1}`)) : null,
    h('span', {}, h('i.dot'), 'on the front'),
    h('span', {}, h('i.swatch.dashed'), 'disturbed measurement'),
  );
  const hint = measured.length > rowsShown ? `${plural(measured.length, 'candidate')}; drag the bar at the right to see all.` : plural(measured.length, 'candidate');
  return card('latency', 'Latency per candidate and stage', hint, controls, key, chart.element);
}
