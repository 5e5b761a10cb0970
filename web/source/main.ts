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
import {parallelCard} from './parallel';
import {failureCard, jobCards, measuringCard} from './settings';
import {tableCard} from './table';

const parts: (HTMLElement | null)[] =
  report.trials.length === 0
    ? [accountCard(), jobCards()]
    : [frontCard(openDetail), curveCards(openDetail), latencyCard(openDetail), tableCard(openDetail), parallelCard(openDetail), architectureCard(openDetail), failureCard(openDetail), accountCard(), measuringCard(), jobCards()];
const shown = parts.filter((part) => part !== null);

/** Short names, so that all parts fit into one line. */
const names: Record<string, string> = {curves: 'Curves', latency: 'Latency', trials: 'Trials', choices: 'Choices', failures: 'Failures', measuring: 'Measuring'};
const links = shown
  .flatMap((part) => (part.matches('section') ? [part] : [...part.querySelectorAll<HTMLElement>(':scope > section')]))
  .map((section) => h('a', {href: `#${section.id}`}, names[section.id] ?? section.querySelector('h2')?.textContent ?? section.id));

document.getElementById('page')?.append(h('main', {}, pageHeader(openDetail), dataWarnings(), h('nav', {'aria-label': 'Parts of the report'}, links), shown), detailPanel());
document.documentElement.dataset['ready'] = 'yes';
