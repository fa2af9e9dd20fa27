import type { ServerResponse } from 'node:http';

/** Browsers that listen at once: a team with the page open on every desk, and far from what would slow the role. */
export const eventListenersMax = 128;

/** Bytes that may wait for a listener that does not read. Past it the listener is dropped; its browser dials again. */
export const listenerBytesMax = 1024 * 1024;

/** A browser that lost its stream dials again after this time. */
const retryMs = 2_000;

/**
 * One document, made at most once in an interval, as server-sent events: every listener is sent the same bytes. While
 * nobody listens nothing is made and no timer runs.
 */
export class EventStream {
  /** Listeners that were dropped because they did not read. */
  dropped = 0;
  private readonly listeners = new Set<ServerResponse>();
  private timer: NodeJS.Timeout | null = null;
  private document = '';
  private event = Buffer.alloc(0);
  private madeMs = -Infinity;

  /** @param make the document as JSON text */
  constructor(
    private readonly make: () => string,
    readonly intervalMs: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  get size(): number {
    return this.listeners.size;
  }

  /** The document, at most an interval old: what those are sent who ask instead of listening. */
  latest(): string {
    this.refreshOld();
    return this.document;
  }

  /** Adds a listener until it goes away. False, and nothing is sent, when there are too many. */
  add(response: ServerResponse): boolean {
    if (this.listeners.size >= eventListenersMax) return false;
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // A proxy that waits for more would hold back every event.
      'x-accel-buffering': 'no',
    });
    this.listeners.add(response);
    response.on('close', () => this.remove(response));
    response.on('error', () => this.remove(response));
    response.write(`retry: ${retryMs}\n\n`);
    this.refreshOld();
    response.write(this.event);
    this.timer ??= setInterval(() => this.tick(), this.intervalMs).unref();
    return true;
  }

  close(): void {
    for (const listener of this.listeners) listener.destroy();
    this.stop();
  }

  private tick(): void {
    this.refresh();
    for (const listener of this.listeners) {
      if (listener.writableLength > listenerBytesMax) {
        this.dropped++;
        this.remove(listener);
        listener.destroy();
      } else {
        listener.write(this.event);
      }
    }
  }

  /** While somebody listens the timer makes documents, and all others take the newest of these. */
  private refreshOld(): void {
    if (this.timer === null && this.nowMs() - this.madeMs >= this.intervalMs) this.refresh();
  }

  private refresh(): void {
    this.madeMs = this.nowMs();
    this.document = this.make();
    this.event = Buffer.from(`data: ${this.document}\n\n`);
  }

  private remove(response: ServerResponse): void {
    this.listeners.delete(response);
    if (this.listeners.size === 0) this.stop();
  }

  private stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }
}
