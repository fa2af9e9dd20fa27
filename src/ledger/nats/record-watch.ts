import type { KV, KvWatchEntry } from '@nats-io/kv';
import { atMost } from '../../common/stuck-work.js';
import { isMark } from './store-keeper.js';
import { decodeStored, type FoundRecord } from './stored-record.js';

/** A list of all that NATS knows goes on coming: nothing for so long, and it is asked for anew. */
const listSilenceMsMax = 3_000;

/** What NATS has under the id of an analysis. */
export type Listed = FoundRecord | 'removed' | 'damaged';

export interface RecordWatchOwner {
  /** It was written or removed. */
  changed(id: string, listed: Listed): void;
  /** Nothing is heard any more. */
  cutOff(why: string): void;
}

/** Lists the records at NATS, and hears of every change from then on. */
export class RecordWatch {
  private entries: Awaited<ReturnType<KV['watch']>> | null = null;
  /** What there is, kept up to date while somebody goes through it. */
  private listed = new Map<string, Listed>();

  constructor(
    private readonly records: KV,
    private readonly owner: RecordWatchOwner,
  ) {}

  /**
   * All that is there now. The answer follows the changes until it is let go.
   * @throws what NATS says, or that the list did not come to its end
   */
  async list(): Promise<ReadonlyMap<string, Listed>> {
    this.stop();
    const { values } = await this.records.status();
    const entries = (this.entries = await this.records.watch());
    const all = (this.listed = new Map<string, Listed>());
    let heard = 0;
    let complete = values === 0;
    let end: () => void = () => undefined;
    const completed = new Promise<'complete'>((resolve) => (end = () => resolve('complete')));
    const run = async (): Promise<void> => {
      for await (const entry of entries) {
        if (this.entries !== entries) return;
        heard++;
        if (!isMark(entry.key)) {
          const listed = listedOf(entry);
          if (this.listed === all) all.set(entry.key, listed);
          if (complete) this.owner.changed(entry.key, listed);
        }
        if (entry.isUpdate || entry.delta === 0) complete = true;
        if (complete) end();
      }
    };
    void run()
      .then(() => 'it ended', String)
      .then((why) => {
        if (this.entries === entries) this.owner.cutOff(why);
      });
    if (complete) return all;
    for (let before = -1; before !== heard;) {
      before = heard;
      if ((await atMost(listSilenceMsMax, completed)) !== null) return all;
    }
    this.stop();
    throw new Error(`the list of analyses did not come to its end: ${heard} of ${values}`);
  }

  /** Nobody goes through the list any more. */
  letGo(): void {
    this.listed = new Map();
  }

  stop(): void {
    const { entries } = this;
    this.entries = null;
    entries?.stop();
  }
}

function listedOf({ operation, value, revision }: KvWatchEntry): Listed {
  if (operation !== 'PUT') return 'removed';
  const stored = decodeStored(value);
  return stored === null ? 'damaged' : { ...stored, keyRevision: revision };
}
