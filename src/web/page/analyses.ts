import type { LiveAnalysis, LiveDocument } from '../../hub/watch/live/types.js';
import { byId, element, KeyedList, setAttributes, setText } from '../dom.js';
import { formatBytes, formatShare, formatSpan } from '../format.js';
import { ChunkMap } from './chunk-map.js';
import { isRunning } from './tiles.js';

const stateClass: Readonly<Record<string, string>> = {
  DONE: 'good',
  FAILED: 'bad',
  CANCELLED: 'warn',
  WAITING: 'warn',
};

interface Parts {
  readonly progress: HTMLProgressElement;
  readonly badge: HTMLElement;
  readonly facts: HTMLElement;
  readonly message: HTMLElement;
  readonly map: ChunkMap;
  readonly cancel: HTMLButtonElement;
}

/** A master's analyses: progress, rate and time left, and which worker holds which range. */
export class Analyses {
  private readonly meters = new Map<string, RateMeter>();
  private readonly parts = new WeakMap<HTMLLIElement, Parts>();
  private readonly list = new KeyedList<LiveAnalysis, HTMLLIElement>(
    byId('analyses-list'),
    (analysis) => this.make(analysis),
    (node, analysis) => this.update(this.parts.get(node) as Parts, analysis),
  );

  private mayCancel = false;

  constructor(private readonly cancel: (id: string, file: string) => void) {}

  /** Returns the bytes a second of all that run. */
  show({ analyses, nowMs, takesCaptures }: Pick<LiveDocument, 'analyses' | 'nowMs' | 'takesCaptures'>): number {
    this.mayCancel = takesCaptures;
    byId('analyses').hidden = analyses === null;
    if (analyses === null) return 0;
    let rate = 0;
    for (const analysis of analyses) {
      let meter = this.meters.get(analysis.id);
      if (meter === undefined) this.meters.set(analysis.id, (meter = new RateMeter(analysis.startedMs)));
      meter.add(nowMs, analysis.bytesDone);
      if (isRunning(analysis)) rate += meter.perSecond;
    }
    const present = new Set(analyses.map(({ id }) => id));
    for (const id of this.meters.keys()) if (!present.has(id)) this.meters.delete(id);
    this.list.show(analyses, ({ id }) => id);
    setText(byId('analyses-note'), analyses.length === 0 ? 'none at the moment' : '');
    return rate;
  }

  private make({ file, id }: LiveAnalysis): HTMLLIElement {
    const progress = element('progress', { max: 1, 'aria-label': `Progress of ${file}` });
    const badge = element('span', { class: 'badge' });
    const facts = element('p', { class: 'analysis-facts' });
    const message = element('p', { class: 'soft small' });
    const map = new ChunkMap(file);
    const title = element('h3', { title: file }, file);
    const cancel = element('button', { type: 'button', 'aria-label': `Cancel ${file}` }, 'Cancel');
    cancel.addEventListener('click', () => this.cancel(id, file));
    const head = element(
      'div',
      { class: 'analysis-head' },
      title,
      element('span', { class: 'soft small mono' }, id),
      badge,
      facts,
      cancel,
    );
    const node = element('li', {}, head, progress, map.node, message);
    this.parts.set(node, { progress, badge, facts, message, map, cancel });
    return node;
  }

  private update({ progress, badge, facts, message, map, cancel }: Parts, analysis: LiveAnalysis): void {
    const { bytesDone, bytesTotal, state, chunksDone, chunksTotal, id, filter } = analysis;
    const share = bytesTotal > 0 ? bytesDone / bytesTotal : 0;
    const rate = this.meters.get(id)?.perSecond ?? 0;
    progress.value = share;
    setText(badge, state);
    setAttributes(badge, { class: `badge ${stateClass[state] ?? ''}` });
    const left = rate > 0 ? `${formatSpan((bytesTotal - bytesDone) / rate)} left` : '';
    const parts = [
      `${formatShare(share)} of ${formatBytes(bytesTotal)}`,
      `${chunksDone} of ${chunksTotal} chunks`,
      filter === '' ? '' : `filter: ${filter}`,
      ...(isRunning(analysis) ? [`${formatBytes(rate)}/s`, left] : []),
    ];
    setText(facts, parts.filter((part) => part !== '').join(' · '));
    setText(message, analysis.message);
    cancel.hidden = !this.mayCancel;
    map.show(analysis.chunks, bytesTotal);
  }
}

/** Time over which the rate is taken: chunks end in bursts. */
const spanMs = 10_000;

/** Bytes a second of something that only grows, over the last ten seconds. */
export class RateMeter {
  private readonly samples: { readonly ms: number; readonly value: number }[] = [];

  constructor(startedMs: number) {
    this.samples.push({ ms: startedMs, value: 0 });
  }

  add(ms: number, value: number): void {
    const last = this.samples[this.samples.length - 1];
    if (ms <= last.ms) return;
    this.samples.push({ ms, value });
    // One sample older than the span stays: the rate goes from there.
    while (this.samples.length > 2 && this.samples[1].ms < ms - spanMs) this.samples.shift();
  }

  get perSecond(): number {
    const first = this.samples[0];
    const last = this.samples[this.samples.length - 1];
    return last.ms === first.ms ? 0 : Math.max(0, (last.value - first.value) / ((last.ms - first.ms) / 1000));
  }
}
