import type { LiveDocument } from '../../hub/watch/live/types.js';
import { byId, setText } from '../dom.js';

/** Tells screen readers what they would want to be told at once, and nothing else: figures change every second. */
export class Announcer {
  private before: { readonly ready: string | null; readonly lost: number; readonly total: number } | null = null;

  show({ notReady, workersLost, workersTotal }: LiveDocument): void {
    const now = { ready: notReady, lost: workersLost, total: workersTotal };
    const { before } = this;
    this.before = now;
    if (before === null) return;
    const words = [
      ...(now.lost > before.lost ? [`${now.lost - before.lost} worker lost`] : []),
      ...(now.total > before.total ? [`a worker joined, ${now.total} now`] : []),
      ...(now.ready !== before.ready ? [now.ready ?? 'ready'] : []),
    ];
    if (words.length > 0) this.say(words.join(', '));
  }

  say(words: string): void {
    setText(byId('announce'), words);
  }
}
