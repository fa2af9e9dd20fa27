import type { LiveKind } from '../../hub/watch/live/types.js';
import { byId, element, KeyedList, setText } from '../dom.js';

/** Whole numbers with thin spaces: these are counts that people compare. */
const whole = new Intl.NumberFormat('en', { useGrouping: true });

/** What stands in metrics as one word, for people. */
const reasonWords: Readonly<Record<string, string>> = {
  queueFull: 'queue full',
  expired: 'too late',
  noWorker: 'no worker',
};

/** A count with the reasons behind it: `12 (8 failed, 4 too late)`. */
function withReasons(count: number, reasons: LiveKind['reasons']): string {
  const told = Object.entries(reasons).map(([reason, of]) => `${whole.format(of)} ${reasonWords[reason] ?? reason}`);
  return told.length === 0 ? whole.format(count) : `${whole.format(count)} (${told.join(', ')})`;
}

/** The table of what became of the jobs of each kind. */
export class Kinds {
  private readonly list = new KeyedList<LiveKind, HTMLTableRowElement>(
    byId('kinds-rows'),
    ({ name }) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, name),
        ...Array.from({ length: 5 }, () => element('td', { class: 'number' })),
      ),
    (made, { submitted, done, notDone, reasons, retries, copies }) => {
      const [before, after] = [
        [submitted, done],
        [retries, copies],
      ].map((counts) => counts.map((each) => whole.format(each)));
      [...before, withReasons(notDone, reasons), ...after].forEach((text, at) => setText(made.children[at + 1], text));
    },
  );

  show(kinds: readonly LiveKind[]): void {
    this.list.show(kinds, ({ name }) => name);
  }
}
