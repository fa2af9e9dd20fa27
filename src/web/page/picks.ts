import { judge } from '../../hub/explain/judgement.js';
import type { CandidateView, PickView } from '../../hub/explain/types.js';
import { byId, element } from '../dom.js';
import { formatClock, formatSeconds } from '../format.js';

const outcomeWords: Readonly<Record<string, string>> = {
  RUNNING: 'running',
  NOT_ANSWERED: 'not answered',
  MOVED: 'moved to another',
};

/** The table of picks. They are a sample that is replaced as a whole, so its rows are made anew when they differ. */
export class Picks {
  private shown = '';

  show(picks: readonly PickView[]): void {
    const key = picks.map(({ jobId, atMs, outcome }) => `${jobId} ${atMs} ${outcome}`).join();
    if (key === this.shown) return;
    this.shown = key;
    const rows = byId('picks-rows');
    rows.replaceChildren(...picks.map(makeRow));
    byId('picks-empty').hidden = picks.length > 0;
    if (rows.parentElement !== null) rows.parentElement.hidden = picks.length === 0;
  }
}

function makeRow(pick: PickView): HTMLTableRowElement {
  const cell = (label: string, style: string, ...children: (Node | string | null)[]): HTMLElement =>
    element('td', { role: 'cell', class: style, 'data-label': label }, element('div', {}, ...children));
  const { actualSeconds, errorSeconds, predictedSeconds } = pick;
  const judgement = judge(pick);
  return element(
    'tr',
    { role: 'row' },
    element(
      'th',
      { role: 'rowheader', scope: 'row', class: 'mono' },
      `${formatClock(pick.atMs)}.${String(Math.floor(pick.atMs) % 1000).padStart(3, '0')}`,
    ),
    cell('Job', '', pick.kind, element('span', { class: 'sub mono' }, String(pick.jobId))),
    cell('Worker', 'pick-worker', pick.worker, ...attempt(pick)),
    cell('Predicted', 'number', formatSeconds(predictedSeconds)),
    cell(
      'Actual',
      'number',
      actualSeconds === null ? (outcomeWords[pick.outcome] ?? '–') : formatSeconds(actualSeconds),
    ),
    cell(
      'Error',
      `number${judgement === 'far' ? ' error-high' : judgement === 'batch' ? ' soft' : ''}`,
      errorSeconds === null ? '–' : `${errorSeconds > 0 ? '+' : ''}${formatSeconds(errorSeconds)}`,
      judgement === 'batch' ? element('span', { class: 'sub' }, 'in a batch') : null,
    ),
    cell('Candidates', 'wide', candidates(pick)),
  );
}

function attempt({ attempt: number, waitedSeconds }: PickView): HTMLElement[] {
  const words = [
    ...(number > 1 ? [`attempt ${number}`] : []),
    ...(waitedSeconds > 0 ? [`waited ${formatSeconds(waitedSeconds)}`] : []),
  ];
  return words.length === 0 ? [] : [element('span', { class: 'sub' }, words.join(', '))];
}

function candidates({ candidates: list, candidatesTotal }: PickView): HTMLElement {
  const items = list.map((each) => {
    const words = `${each.worker} ${formatSeconds(each.predictedSeconds)}`;
    const style = `${each.chosen ? 'chosen' : ''}${each.room ? '' : ' full'}`;
    const aside = each.chosen ? 'chosen' : each.room ? '' : 'window full';
    return element(
      'li',
      { class: style, title: detail(each) },
      words,
      aside === 'window full' ? ' full' : null,
      aside === 'chosen' ? element('span', { class: 'hidden-text' }, ' chosen') : null,
    );
  });
  if (candidatesTotal > list.length) items.push(element('li', {}, `and ${candidatesTotal - list.length} more`));
  return element('ul', { class: 'candidates', role: 'list' }, ...items);
}

function detail({ backlogSeconds, windowSeconds, outstanding, costSeconds, slots }: CandidateView): string {
  return (
    `backlog ${formatSeconds(backlogSeconds)} of window ${formatSeconds(windowSeconds)}, ` +
    `${outstanding} outstanding on ${slots} slots, cost ${formatSeconds(costSeconds)}`
  );
}
