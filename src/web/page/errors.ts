import type { RecentError } from '../../common/recent-errors.js';
import { byId, element } from '../dom.js';
import { formatClock, formatCount } from '../format.js';

/** The list of recent errors, newest first. */
export class Errors {
  private shown = '';

  show(errors: readonly RecentError[]): void {
    const key = JSON.stringify(errors);
    if (key === this.shown) return;
    this.shown = key;
    byId('errors-list').replaceChildren(
      ...errors.map(({ atMs, about, text, count }) =>
        element(
          'li',
          {},
          element('span', { class: 'mono soft' }, formatClock(atMs)),
          element('strong', {}, about),
          element('span', { class: 'number soft' }, count > 1 ? `${formatCount(count)} times` : ''),
          text === '' ? null : element('span', { class: 'text' }, text),
        ),
      ),
    );
    byId('errors-empty').hidden = errors.length > 0;
  }
}
