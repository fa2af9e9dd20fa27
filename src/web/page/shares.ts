import type { LiveDocument } from '../../hub/watch/live/types.js';
import { byId, element, KeyedList, setText } from '../dom.js';
import { formatCount, formatShare } from '../format.js';

type ClientShare = NonNullable<LiveDocument['shares']>[number];

/** The table of what clients have of the workers, where these are shared. */
export class Shares {
  private readonly list = new KeyedList<ClientShare, HTMLTableRowElement>(
    byId('shares-rows'),
    ({ client }) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, client),
        ...Array.from({ length: 6 }, () => element('td', { class: 'number' })),
      ),
    (made, { weight, waiting, running, seconds, wanted, had }) => {
      const texts = [String(weight), formatCount(waiting), formatCount(running), seconds.toFixed(1)];
      [...texts, formatShare(wanted), formatShare(had)].forEach((text, at) => setText(made.children[at + 1], text));
    },
  );

  show(shares: LiveDocument['shares']): void {
    byId('shares').hidden = shares === null;
    if (shares !== null) this.list.show(shares, ({ client }) => client);
  }
}
