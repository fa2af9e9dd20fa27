import type { HistoryDocument, LiveDocument } from '../../hub/watch/live/types.js';
import { byId, setAttributes, setText } from '../dom.js';
import { formatClock, formatSpan } from '../format.js';
import { Analyses } from './analyses.js';
import { Announcer } from './announcer.js';
import { Captures } from './captures.js';
import { Charts } from './charts.js';
import { Errors } from './errors.js';
import { Feed, type LinkState } from './feed.js';
import { PageHistory } from './history.js';
import { Kinds } from './kinds.js';
import { Picks } from './picks.js';
import { Shares } from './shares.js';
import { Tiles } from './tiles.js';
import { Workers } from './workers.js';
import './page.css';

const linkWords: Readonly<Record<LinkState, string>> = {
  live: 'live, once a second',
  polling: 'asking every 2 seconds',
  lost: 'no answer',
};

/** After so long without a document its history has a hole that the role can fill. */
const reloadHistoryMs = 5_000;

const history = new PageHistory();
const announcer = new Announcer();
const captures = new Captures((words) => announcer.say(words));
const parts = {
  announcer,
  captures,
  tiles: new Tiles(),
  workers: new Workers(),
  charts: new Charts(),
  analyses: new Analyses((id, file) => void captures.cancel(id, file)),
  picks: new Picks(),
  errors: new Errors(),
  kinds: new Kinds(),
  shares: new Shares(),
};
let link: LinkState | null = null;
let shownMs = -Infinity;
let startedMs = 0;

async function loadHistory(): Promise<void> {
  const response = await fetch('/api/history');
  if (response.ok) history.load((await response.json()) as HistoryDocument);
}

function showLink(state: LinkState): void {
  if (state === link) return;
  link = state;
  setAttributes(byId('link'), { 'data-state': state });
  const since = state === 'lost' && shownMs > 0 ? ` since ${formatClock(Date.now())}` : '';
  setText(byId('link-text'), linkWords[state] + since);
  if (state === 'lost') parts.announcer.say('no answer from the role');
}

function show(document: LiveDocument): void {
  const now = performance.now();
  // A role that was started anew has a history of its own.
  if (now - shownMs > reloadHistoryMs || document.startedMs !== startedMs) void loadHistory().catch(() => undefined);
  shownMs = now;
  startedMs = document.startedMs;
  setText(byId('ready'), document.notReady ?? 'ready');
  setAttributes(byId('ready'), { class: `badge ${document.notReady === null ? 'good' : 'warn'}` });
  const up = formatSpan((document.nowMs - document.startedMs) / 1000);
  setText(byId('where'), `${document.host}, version ${document.version}, up ${up}`);
  if (document.sample !== null) history.add(document.sample);
  const scanRate = parts.analyses.show(document);
  parts.captures.show(document);
  parts.tiles.show(document, scanRate);
  parts.workers.show(document);
  parts.charts.show(
    history,
    document.kinds.map(({ name }) => name),
  );
  parts.picks.show(document.picks);
  parts.kinds.show(document.kinds);
  parts.shares.show(document.shares);
  parts.errors.show(document.errors);
  parts.announcer.show(document);
}

new Feed(show, showLink).start();
