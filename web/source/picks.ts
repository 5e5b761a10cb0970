// Which trials of the front to look at first, and what they showed on pictures that chose nothing.
import {byRank, objectives, report, shortChoice, trialById, valueOf, type Trial} from './data';
import {card, h} from './dom';
import {cut, label, percent, plural, sentenceOf, short} from './format';

type Open = (trial: Trial) => void;

const link = (trial: Trial, open: Open): HTMLElement => h('button.link', {type: 'button', click: () => open(trial)}, `#${trial.id}`);
const heading = (name: string): HTMLElement => h('th.number', {scope: 'col', title: sentenceOf(name)}, label(name));

export function picksCard(open: Open): HTMLElement | null {
  if (report.picks.length === 0) return null;
  const names = objectives.map((objective) => objective.name);
  const rows = report.picks.flatMap((pick) => {
    const trial = trialById(pick.trial);
    return trial ? [{pick, trial}] : [];
  });
  const hasShares = rows.some(({trial}) => trial.contribution !== null);
  const cover = report.cover;
  return card(
    'picks',
    'Which to look at first',
    'Names that edgewise export --pick knows.',
    null,
    h(
      'div.scroll',
      {},
      h(
        'table.picks',
        {},
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('th', {scope: 'col'}, 'pick'),
            h('th', {scope: 'col'}, 'trial'),
            h('th', {scope: 'col'}, 'choice'),
            names.map(heading),
            hasShares ? h('th.number', {scope: 'col', title: "share of the front's hypervolume that no other trial covers"}, 'own share') : null,
            h('th', {scope: 'col'}, 'why'),
          ),
        ),
        h(
          'tbody',
          {},
          rows.map(({pick, trial}) =>
            h(
              'tr',
              {},
              h('td', {}, pick.name.replace(':', ' ')),
              h('td', {}, link(trial, open)),
              h('td', {}, cut(shortChoice(trial), 60)),
              names.map((name) => h('td.number', {}, short(valueOf(trial, name)))),
              hasShares ? h('td.number', {}, trial.contribution === null ? '–' : percent(trial.contribution)) : null,
              h('td.quiet', {}, pick.reason),
            ),
          ),
        ),
      ),
    ),
    cover
      ? h(
          'p.hint.links',
          {},
          `${plural(cover.trials.length, 'trial')} stand for the whole front of ${report.front.length.toLocaleString('en')}: `,
          cover.trials.map((id) => trialById(id)).filter((trial) => trial !== undefined).map((trial) => link(trial, open)),
          cover.share === null ? null : `; no other one is better than the nearest of them by more than ${percent(cover.share)} of an objective's range.`,
        )
      : null,
    report.no_contribution ? h('p.hint', {}, report.no_contribution) : null,
  );
}

/** What chose nothing tells what to expect. */
export function testCard(open: Open): HTMLElement | null {
  const test = report.test ?? {};
  const trials = report.trials.filter((trial) => test[trial.id] !== undefined).toSorted(byRank);
  if (trials.length === 0) return null;
  const metrics = [...new Set(trials.flatMap((trial) => Object.keys(test[trial.id] ?? {})))];
  return card(
    'test',
    'On the test split',
    'Looked at once, when the search had finished, for the front alone: these pictures chose nothing.',
    null,
    h(
      'div.scroll',
      {},
      h(
        'table.test',
        {},
        h(
          'thead',
          {},
          h('tr', {}, h('th', {scope: 'col'}, 'trial'), h('th', {scope: 'col'}, 'choice'), metrics.map((name) => [heading(name), h('th.number', {scope: 'col'}, 'on validation')])),
        ),
        h(
          'tbody',
          {},
          trials.map((trial) =>
            h(
              'tr',
              {},
              h('td', {}, link(trial, open)),
              h('td', {}, cut(shortChoice(trial), 60)),
              metrics.map((name) => [h('td.number', {}, short(test[trial.id]?.[name])), h('td.number.quiet', {}, short(valueOf(trial, name)))]),
            ),
          ),
        ),
      ),
    ),
  );
}
