import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MastersCluster } from './cluster.js';
import { ledgerStreams, type StoreFault } from './schedule.js';

/** Stores are kept as they would be on a disk at a sync: this many of each server, the oldest is the earlier day. */
const syncsKept = 3;

const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

/** What is done to the stores of nats-servers. */
export class StoreHarms {
  private syncs = 0;

  constructor(
    private readonly cluster: MastersCluster,
    private readonly folder: string,
    private readonly removeStream: (name: string) => Promise<unknown>,
  ) {}

  /** What is stored by now is on the disks. */
  sync(): void {
    for (const [i, server] of this.cluster.natsServers.entries())
      if (server.running) server.saveStore(this.saved(i, this.syncs));
    this.syncs++;
  }

  async begin({ harm, number, goneSeconds }: StoreFault): Promise<void> {
    const { natsServers } = this.cluster;
    if (harm === 'stream removed') await this.removeStream(ledgerStreams[number]);
    else if (harm === 'master killed') {
      const fault = { atSeconds: 0, lastsSeconds: goneSeconds, harm: 'kill', part: 'master', number } as const;
      const end = await this.cluster.begin(fault);
      await pause(goneSeconds);
      await end();
    } else {
      const victims = [...natsServers.entries()].slice(0, number);
      const from = harm === 'rolled back' ? Math.max(0, this.syncs - syncsKept) : this.syncs - 1;
      await Promise.all(victims.map(([, server]) => server.stop()));
      for (const [i, server] of victims) {
        const saved = this.saved(i, from);
        await server.loseStore(harm === 'emptied' || !existsSync(saved) ? null : saved);
      }
      await pause(goneSeconds);
      await Promise.all(victims.map(([, server]) => server.resume()));
    }
  }

  private saved(server: number, sync: number): string {
    return join(this.folder, `saved-${server}-${sync % syncsKept}`);
  }
}
