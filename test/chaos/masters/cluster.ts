import { join } from 'node:path';
import { CpuQuota } from '../../support/cpu-quota.js';
import { freePorts } from '../../support/nats-cluster.js';
import { NatsServer, type NatsProgram } from '../../support/nats-server.js';
import { RunningRole } from '../../support/running-role.js';
import { cutOff, emptyFolder, type Stage } from '../stage.js';
import type { ChunkEvent } from './checker.js';
import type { Harm, MastersFault, Part } from './schedule.js';

export interface MastersClusterOptions {
  readonly stage: Stage;
  /** A folder of this run's own. */
  readonly folder: string;
  /** What the masters and every other worker see. */
  readonly captures: string;
  readonly counts: Readonly<Record<Part, number>>;
  readonly chunkBytes: number;
  /** Share of one core for each worker, so that analyses last long enough to be met; null: no bound. */
  readonly workerCores: number | null;
  /** Undefined: the oldest that is installed. */
  readonly program?: NatsProgram;
  readonly say: (line: string) => void;
}

/** After a start that was refused, as those who keep services running do. */
const startAgainMs = 1_000;

/** A process of the cluster, whichever run of it. */
interface Place {
  readonly name: string;
  /** Resolves when it has begun, or was begun and will be looked after. */
  start(): Promise<void>;
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

export const hostsOf = (counts: Readonly<Record<Part, number>>): string[] => [
  'clients',
  ...(Object.keys(counts) as Part[]).flatMap((part) => Array.from({ length: counts[part] }, (_, i) => `${part}${i}`)),
];

/** nats-servers, masters that share them, and workers, each on a host of its own. */
export class MastersCluster {
  readonly masters: string[] = [];
  readonly natsServers: NatsServer[] = [];
  natsUrls = '';
  /** What must not happen to a process: that it ends by itself. */
  readonly crashes: string[] = [];
  /** Starts of a master that were refused because NATS was away, by reason. */
  readonly refusedStarts: string[] = [];
  private readonly places: Record<Part, Place[]> = { nats: [], master: [], worker: [] };
  /** Of every run of every master. */
  private readonly masterRuns: { readonly name: string; readonly role: RunningRole }[] = [];
  private readonly quotas: CpuQuota[] = [];
  private ending = false;

  private constructor(private readonly options: MastersClusterOptions) {}

  /** Starts all; `prepare` comes when NATS is there and before there is any master. */
  static async start(
    options: MastersClusterOptions,
    prepare: (natsUrls: string) => Promise<void>,
  ): Promise<MastersCluster> {
    const cluster = new MastersCluster(options);
    try {
      await cluster.startNats();
      await prepare(cluster.natsUrls);
      await cluster.startMasters();
      await cluster.startWorkers();
      return cluster;
    } catch (error) {
      await cluster.end();
      throw error;
    }
  }

  /** Does a fault; what it resolves with ends it. */
  async begin({ harm, part, number }: MastersFault): Promise<() => Promise<void>> {
    const whom = harm === 'all-gone' ? this.places.nats : [this.places[part][number]];
    const ends = await Promise.all(whom.map((place) => this.harm(place, harm)));
    return async () => void (await Promise.all(ends.map((end) => end())));
  }

  /** What all masters said of chunks so far. */
  chunkEvents(): ChunkEvent[] {
    const words: Readonly<Record<string, ChunkEvent['what']>> = {
      'chunk given': 'given',
      'chunk answered': 'answered',
      'chunk taken over': 'taken over',
      'a kept chunk is damaged and scanned again': 'damaged',
      'lease lost': 'lease lost',
      'chunks removed': 'removed',
    };
    return this.masterRuns.flatMap(({ name, role }) =>
      role.log.flatMap(({ msg, id, attempt, chunk = '', time, pid }): ChunkEvent[] => {
        const what = words[msg as string];
        if (what === undefined) return [];
        const facts = { id: id as string, attempt: (attempt ?? 0) as number, chunk: chunk as string };
        return [{ what, ...facts, master: `${name}-${pid as number}`, atMs: Date.parse(time as string) }];
      }),
    );
  }

  /** How often masters logged each of these messages. */
  messages(...wanted: readonly string[]): Record<string, number> {
    const said = this.masterRuns.flatMap(({ role }) => role.log.map(({ msg }) => msg as string));
    return Object.fromEntries(wanted.map((words) => [words, said.filter((msg) => msg === words).length]));
  }

  /** Messages of masters at the level error, and how often. */
  errors(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { role } of this.masterRuns) {
      for (const { level, msg, error } of role.log) {
        if ((level as number) < 50) continue;
        const words = `${msg as string}: ${error as string}`;
        counts[words] = (counts[words] ?? 0) + 1;
      }
    }
    return counts;
  }

  async end(): Promise<void> {
    this.ending = true;
    const { worker, master, nats } = this.places;
    for (const places of [worker, master, nats]) {
      for (const place of places) place.signal('SIGCONT');
      await Promise.all(places.map((place) => place.kill()));
    }
    for (const quota of this.quotas) quota.remove();
  }

  private async harm(place: Place, harm: Harm): Promise<() => Promise<void>> {
    if (harm === 'cut') return cutOff(this.options.stage, place.name);
    if (harm === 'stop') {
      place.signal('SIGSTOP');
      return async () => place.signal('SIGCONT');
    }
    await place.kill();
    // Nobody waits for what takes its time to be there again.
    return async () => void place.start().catch((error: Error) => this.crashes.push(`${place.name}: ${error.message}`));
  }

  /** Ports that all know beforehand: hosts that are apart have all of theirs to themselves. */
  private async portsFor(count: number, first: number): Promise<number[]> {
    return this.options.stage.apart ? Array<number>(count).fill(first) : freePorts(count);
  }

  private async startNats(): Promise<void> {
    const { stage, folder, counts, program } = this.options;
    const count = counts.nats;
    const clientPorts = await this.portsFor(count, 4222);
    const routes = (await this.portsFor(count, 6222)).map((port, i) => `nats://${stage.address(`nats${i}`)}:${port}`);
    const starts = routes.map(async (route, i) => {
      const name = `nats${i}`;
      const cluster = ['--cluster_name', 'chaos', '--cluster', route, '--routes', routes.join(','), '-n', name];
      const place = { host: stage.address(name), port: clientPorts[i], before: stage.on(name), program };
      const server = await NatsServer.start(join(folder, name), count > 1 ? cluster : [], place);
      this.natsServers[i] = server;
      this.places.nats[i] = {
        name,
        start: () => server.resume(),
        kill: () => server.stop(),
        signal: (signal) => server.signal(signal),
      };
    });
    await Promise.all(starts);
    this.natsUrls = `nats://${clientPorts.map((port, i) => `${stage.address(`nats${i}`)}:${port}`).join(',')}`;
  }

  private async startMasters(): Promise<void> {
    const { stage, folder, counts, captures, chunkBytes } = this.options;
    const ports = await this.portsFor(counts.master, 50052);
    for (const [i, port] of ports.entries()) {
      const name = `master${i}`;
      const grpc = `${stage.address(name)}:${port}`;
      this.masters.push(grpc);
      const args = [
        ...['master', '--grpc', grpc, '--admin', '127.0.0.1:0', '--insecure', '--state', this.natsUrls],
        ...['--captures', captures, '--spool', emptyFolder(folder, `spool${i}`), '--chunk-bytes', String(chunkBytes)],
      ];
      const before = [...stage.on(name), 'env', 'TRIREME_LOG_LEVEL=debug'];
      this.places.master.push(this.placeOf(name, args, before, 'listening'));
    }
    await Promise.all(this.places.master.map((place) => place.start()));
  }

  private async startWorkers(): Promise<void> {
    const { stage, folder, counts, captures, workerCores } = this.options;
    for (let i = 0; i < counts.worker; i++) {
      const name = `worker${i}`;
      const quota = workerCores === null ? null : CpuQuota.of(workerCores);
      if (quota !== null) this.quotas.push(quota);
      // Every other worker sees no capture and is sent the bytes.
      const seen = i % 2 === 0 ? captures : emptyFolder(folder, 'empty');
      const args = ['worker', '--host', this.masters.join(','), '--slots', '1', '--name', name, '--captures', seen];
      this.places.worker.push(this.placeOf(name, args, [...(quota?.command ?? []), ...stage.on(name)], 'attached'));
    }
    await Promise.all(this.places.worker.map((place) => place.start()));
  }

  /** A role that is started again when its start is refused, and must not end by itself once it is `ready`. */
  private placeOf(name: string, args: readonly string[], before: readonly string[], ready: string): Place {
    let role: RunningRole | null = null;
    let again: NodeJS.Timeout | null = null;
    let wanted = false;
    const start = (): Promise<void> => {
      wanted = true;
      const run = (role = RunningRole.start(args, before));
      if (name.startsWith('master')) this.masterRuns.push({ name, role: run });
      const begun = run.line(ready).then(
        () => true,
        () => false,
      );
      run.child.on('close', (code, signal) => {
        if (!wanted || role !== run || this.ending) return;
        const last = run.stderr[run.stderr.length - 1] ?? `exit code ${code}, signal ${signal}`;
        const refused = name.startsWith('master') && !run.log.some(({ msg }) => msg === ready);
        if (refused) this.refusedStarts.push(last);
        else this.crashes.push(`${name}: ${last}`);
        again = setTimeout(() => void start(), startAgainMs);
      });
      return begun.then(() => undefined);
    };
    return {
      name,
      start,
      kill: async () => {
        wanted = false;
        if (again !== null) clearTimeout(again);
        if (role === null) return;
        const closed = new Promise((resolve) => (role?.running ? role.child.once('close', resolve) : resolve(null)));
        await role.end('SIGKILL');
        await closed;
      },
      signal: (signal) => void role?.child.kill(signal),
    };
  }
}
