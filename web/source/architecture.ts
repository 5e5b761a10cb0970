// The drawn architecture of the chosen network, or of another one that was drawn.
import {drawings, frontTrials, report, shortChoice, trialById, unpacked, type Trial} from './data';
import {card, choiceButtons, h, select} from './dom';
import {later} from './later';

export function architectureCard(open: (trial: Trial) => void): HTMLElement | null {
  const ids = Object.keys(drawings);
  if (ids.length === 0) return null;
  const order = [...frontTrials.map((trial) => String(trial.id)), ...ids].filter((id, i, all) => ids.includes(id) && all.indexOf(id) === i);
  let shown = report.chosen !== null && ids.includes(String(report.chosen)) ? String(report.chosen) : (order[0] as string);

  // As a picture the drawing can neither run scripts nor load anything.
  const picture = h('img', {alt: 'Architecture'}) as HTMLImageElement;
  const frame = h('div.drawing', {}, picture);
  const more = h('button.link', {type: 'button'}, 'open the trial');
  more.addEventListener('click', () => {
    const trial = trialById(Number(shown));
    if (trial) open(trial);
  });
  const show = async (): Promise<void> => {
    const asked = shown;
    const svg = await unpacked(drawings[asked] ?? '');
    if (asked !== shown) return;
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
    picture.alt = `Architecture of trial ${shown}`;
    frame.scrollTop = 0;
  };
  later(show);
  const name = (id: string): string => {
    const trial = trialById(Number(id));
    const mark = id === String(report.knee) ? ' (knee)' : '';
    return trial ? `#${id} ${shortChoice(trial)}${mark}` : `#${id}`;
  };
  const controls = [
    order.length > 1
      ? select('network', order.map((id) => ({value: id, label: name(id)})), shown, (id) => {
          shown = id;
          void show();
        })
      : h('span.count', {}, name(shown)),
    choiceButtons([{value: 'whole', label: 'fit'}, {value: 'full', label: 'full size'}] as const, 'full', (size) => frame.classList.toggle('whole', size === 'whole'), 'Size'),
    more,
  ];
  return card('architecture', 'Architecture', 'The graph that was trained, exported and measured; each box tells its output shape and its share of the multiply-accumulates.', controls, frame);
}
