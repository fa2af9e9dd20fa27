import type { LiveDocument, LiveWorker } from '../../hub/watch/live/types.js';
import { costsText } from '../../common/cost-text.js';
import { Bar } from '../chart/bar.js';
import { byId, element, KeyedList, setAttributes, setText } from '../dom.js';
import { formatBytes, formatCount, formatSeconds, formatSpan } from '../format.js';

const stateClass: Readonly<Record<string, string>> = {
  SERVING: 'good',
  DRAINING: 'warn',
  SILENT: 'bad',
  SUSPENDED: 'bad',
  QUARANTINED: 'bad',
};

/** The column of what kinds of users cost, and how many of them it names. */
const usersKinds = 'Kinds of users';
const usersKindsShownMax = 3;

/** The parts of a row that change. */
interface Row {
  readonly node: HTMLTableRowElement;
  readonly cells: ReadonlyMap<string, HTMLElement>;
  readonly slots: Bar;
  readonly backlog: Bar;
}

/** The table of workers. */
export class Workers {
  private readonly rows = new WeakMap<HTMLTableRowElement, Row>();
  private kinds: readonly string[] = [];
  /** Some worker has kinds of users. */
  private users = false;
  private nowMs = 0;
  private list: KeyedList<LiveWorker, HTMLTableRowElement> | null = null;

  show({ workers, workersTotal, kinds, nowMs }: LiveDocument): void {
    const names = kinds.map(({ name }) => name);
    const users = workers.some((worker) => worker.kinds.some(({ name }) => !names.includes(name)));
    if (this.list === null || names.join() !== this.kinds.join() || users !== this.users) this.build(names, users);
    this.nowMs = nowMs;
    this.list?.show(workers, ({ number }) => String(number));
    byId('workers-empty').hidden = workers.length > 0;
    const table = byId('workers-rows').parentElement;
    if (table !== null) table.hidden = workers.length === 0;
    const shown = workersTotal > workers.length ? `the first ${workers.length} of ${workersTotal}` : '';
    setText(byId('workers-note'), shown || 'bars: backlog, with the window as a mark');
  }

  private build(kinds: readonly string[], users: boolean): void {
    [this.kinds, this.users] = [kinds, users];
    const heads: [string, string][] = [
      ['Worker', ''],
      ['State', ''],
      ['Busy slots', ''],
      ...kinds.map((kind): [string, string] => [kind, 'number']),
      ...(users ? [[usersKinds, ''] as [string, string]] : []),
      ['Backlog / window', ''],
      ['Outstanding', 'number'],
      ['Round trip', 'number'],
      ['Load', 'number'],
      ['Heartbeat', 'number'],
    ];
    byId('workers-head').replaceChildren(
      ...heads.map(([name, style]) => element('th', { role: 'columnheader', scope: 'col', class: style }, name)),
    );
    byId('workers-rows').replaceChildren();
    this.list = new KeyedList(
      byId('workers-rows'),
      (worker: LiveWorker) => this.makeRow(worker),
      (node, worker) => this.update(this.rows.get(node) as Row, worker),
    );
  }

  private makeRow(worker: LiveWorker): HTMLTableRowElement {
    const cells = new Map<string, HTMLElement>();
    const cell = (label: string, style: string, ...children: HTMLElement[]): HTMLElement => {
      const value = element('span', {});
      cells.set(label, value);
      return element('td', { role: 'cell', class: style, 'data-label': label }, element('div', {}, ...children, value));
    };
    const slots = new Bar();
    const backlog = new Bar();
    const slotsCell = cell('Busy slots', 'slots');
    const backlogCell = cell('Backlog / window', 'backlog');
    slotsCell.firstElementChild?.append(slots.node);
    backlogCell.firstElementChild?.append(backlog.node);
    cells.get('Busy slots')?.classList.add('small');
    cells.get('Backlog / window')?.classList.add('small');
    const about = [worker.host, worker.cpuModel].filter((part) => part !== '').join(', ');
    const node = element(
      'tr',
      { role: 'row' },
      element(
        'th',
        { role: 'rowheader', scope: 'row' },
        element('span', { class: 'worker-name' }, worker.name),
        element('span', { class: 'sub', title: about }, worker.address),
      ),
      cell('State', 'plain'),
      slotsCell,
      ...this.kinds.map((kind) => cell(kind, 'number')),
      ...(this.users ? [cell(usersKinds, '')] : []),
      backlogCell,
      cell('Outstanding', 'number'),
      cell('Round trip', 'number'),
      cell('Load', 'number'),
      cell('Heartbeat', 'number'),
    );
    this.rows.set(node, { node, cells, slots, backlog });
    return node;
  }

  private update({ cells, slots, backlog }: Row, worker: LiveWorker): void {
    const put = (label: string, text: string): void => {
      const cell = cells.get(label);
      if (cell !== undefined) setText(cell, text);
    };
    put('State', worker.state);
    const state = cells.get('State');
    if (state !== undefined) setAttributes(state, { class: `badge ${stateClass[worker.state] ?? ''}` });
    put('Busy slots', `${worker.busy} of ${worker.slots}`);
    slots.show(worker.busy, worker.slots);
    for (const kind of worker.kinds) if (this.kinds.includes(kind.name)) put(kind.name, speed(kind, worker.slots));
    const users = worker.kinds.filter(({ name }) => !this.kinds.includes(name));
    put(usersKinds, costsText(users, usersKindsShownMax));
    put('Backlog / window', `${formatSeconds(worker.backlogSeconds)} / ${formatSeconds(worker.windowSeconds)}`);
    const most = Math.max(worker.windowSeconds * 1.25, worker.backlogSeconds);
    backlog.show(worker.backlogSeconds, most, worker.windowSeconds);
    put('Outstanding', formatCount(worker.outstanding));
    put('Round trip', formatSeconds(worker.roundTripSeconds));
    put('Load', worker.load.toFixed(2));
    const ago = (this.nowMs - worker.lastHeartbeatMs) / 1000;
    put('Heartbeat', ago < 2 ? 'now' : `${formatSpan(ago)} ago`);
  }
}

/** What all slots of a worker can do of a kind each second. */
function speed({ secondsPerUnit, unit }: LiveWorker['kinds'][number], slots: number): string {
  const perSecond = slots / secondsPerUnit;
  return unit === 'bytes' ? `${formatBytes(perSecond)}/s` : `${formatCount(perSecond)}/s`;
}
