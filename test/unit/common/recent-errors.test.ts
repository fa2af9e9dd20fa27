import { RecentErrors, recentErrorsKept } from '../../../src/common/recent-errors.js';

describe('recent errors', () => {
  test('errors of one sort are one entry with their count and the newest text', () => {
    let now = 0;
    const errors = new RecentErrors(() => ++now);
    errors.add('GET_TIME QUEUE_FULL', 'first');
    errors.add('worker state', 'lost');
    for (let at = 0; at < 1_000; at++) errors.add('GET_TIME QUEUE_FULL', `full ${at}`);
    expect(errors.list()).toEqual([
      { atMs: 1_002, about: 'GET_TIME QUEUE_FULL', text: 'full 999', count: 1_001 },
      { atMs: 2, about: 'worker state', text: 'lost', count: 1 },
    ]);
  });

  test('the sort not seen for longest makes room', () => {
    let now = 0;
    const errors = new RecentErrors(() => ++now);
    for (let sort = 0; sort < recentErrorsKept; sort++) errors.add(`sort ${sort}`, '');
    errors.add('sort 0', '');
    errors.add('one more', '');
    const sorts = errors.list().map(({ about }) => about);
    expect(sorts).toHaveLength(recentErrorsKept);
    expect(sorts).toContain('sort 0');
    expect(sorts).not.toContain('sort 1');
  });
});
