import type { LiveDocument } from '../../hub/watch/live/types.js';

/** How the page hears of news: by events, by asking every two seconds, or not at all. */
export type LinkState = 'live' | 'polling' | 'lost';

/** Events come once a second; without one for so long the page asks instead. */
const silentMsMax = 5_000;
const pollMs = 2_000;
/** While it asks, it tries for events again this often. */
const retryMs = 15_000;

/**
 * Calls back with each document of the role. Where events do not come (a proxy holds them back, too many
 * listen) it asks for the same document instead, and goes back to events when it can.
 */
export class Feed {
  private source: EventSource | null = null;
  private heardMs = 0;
  private triedMs = -Infinity;
  private asking = false;

  constructor(
    private readonly show: (document: LiveDocument) => void,
    private readonly linkChanged: (state: LinkState) => void,
  ) {}

  start(): void {
    this.listen();
    setInterval(() => this.watch(), pollMs);
  }

  private listen(): void {
    this.triedMs = performance.now();
    this.source?.close();
    this.source = new EventSource('/api/events');
    this.source.onmessage = ({ data }: MessageEvent<string>) => {
      this.heardMs = performance.now();
      this.linkChanged('live');
      this.show(JSON.parse(data) as LiveDocument);
    };
  }

  private watch(): void {
    const now = performance.now();
    if (now - Math.max(this.heardMs, this.triedMs) < silentMsMax && this.source?.readyState !== EventSource.CLOSED)
      return;
    void this.ask();
    if (now - this.triedMs > retryMs) this.listen();
  }

  private async ask(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      const response = await fetch('/api/live');
      if (!response.ok) throw new Error(`status ${response.status}`);
      const document = (await response.json()) as LiveDocument;
      this.linkChanged('polling');
      this.show(document);
    } catch {
      this.linkChanged('lost');
    } finally {
      this.asking = false;
    }
  }
}
