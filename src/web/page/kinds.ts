import type { LiveKind } from '../../hub/watch/live/types.js';
import { notDoneText, whole } from '../../hub/watch/not-done.js';
import { byId, element, KeyedList, setText } from '../dom.js';

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
    (made, { submitted, done, reasons, retries, copies }) => {
      const [before, after] = [
        [submitted, done],
        [retries, copies],
      ].map((counts) => counts.map((each) => whole.format(each)));
      [...before, notDoneText(reasons), ...after].forEach((text, at) => setText(made.children[at + 1], text));
    },
  );

  show(kinds: readonly LiveKind[]): void {
    this.list.show(kinds, ({ name }) => name);
  }
}
