// The page is built once, from top to bottom; a panel opens for the trial that is asked for.
import './style.css';
import {accountCard, dataWarnings} from './account';
import {architectureCard} from './architecture';
import {curveCards} from './curves';
import {detailPanel, openDetail} from './detail';
import {report} from './data';
import {h} from './dom';
import {frontCard} from './front';
import {pageHeader} from './header';
import {latencyCard} from './latency';
import {doAll, painted} from './later';
import {parallelCard} from './parallel';
import {picksCard, testCard} from './picks';
import {failureCard, jobCards, measuringCard} from './settings';
import {spentCard, weightsCard} from './spent';
import {tableCard} from './table';

const parts: (HTMLElement | null)[] =
  report.trials.length === 0
    ? [accountCard(), jobCards()]
    : [frontCard(openDetail), picksCard(openDetail), testCard(openDetail), curveCards(openDetail), latencyCard(openDetail), tableCard(openDetail), parallelCard(openDetail), architectureCard(openDetail), failureCard(openDetail), accountCard(), spentCard(), weightsCard(openDetail), measuringCard(), jobCards()];
const shown = parts.filter((part) => part !== null);

/** Short names, so that all parts fit into one line. */
const names: Record<string, string> = {picks: 'Picks', test: 'Test', spent: 'Time', weights: 'Weights', curves: 'Curves', latency: 'Latency', trials: 'Trials', choices: 'Choices', failures: 'Failures', measuring: 'Measuring'};
const links = shown
  .flatMap((part) => (part.matches('section') ? [part] : [...part.querySelectorAll<HTMLElement>(':scope > section')]))
  .map((section) => h('a', {href: `#${section.id}`}, names[section.id] ?? section.querySelector('h2')?.textContent ?? section.id));

document.getElementById('page')?.append(h('main', {}, pageHeader(openDetail), dataWarnings(), h('nav', {'aria-label': 'Parts of the report'}, links), shown), detailPanel());

/** Ready: what is seen first is painted. Complete: all else is made too. */
async function finish(): Promise<void> {
  // A chart is made in the first frame and drawn in the second.
  await painted();
  await painted();
  performance.mark('drawn');
  document.documentElement.dataset['ready'] = 'yes';
  await doAll();
  performance.mark('complete');
  document.documentElement.dataset['complete'] = 'yes';
}
void finish();
