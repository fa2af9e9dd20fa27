import { ipv4FromLe, portFromLe } from './config-bytes.js';

/** struct lb_table (bpf/udp_lb.h) as bpftool prints it. */
export interface LbTable {
  readonly next_handle: number;
  readonly queue_jobs: number;
  readonly key: readonly number[];
  readonly seen_ns: readonly number[];
  readonly load: readonly { readonly parts: { readonly busy: number; readonly sent: number } }[];
  readonly threads: readonly number[];
  readonly suspended: readonly number[];
  readonly server: readonly {
    readonly peer: { readonly ip: number; readonly port: number };
    readonly done: number;
  }[];
}

/** A server as the balancer knows it. */
export interface LbServer {
  readonly address: string;
  /** suspended: it says hello and answers nothing, so it gets one job at a time until it answers one. */
  readonly state: 'live' | 'suspended' | 'leaving' | 'dead';
  readonly threads: number;
  readonly busy: number;
  /** Jobs given to it, those given again counted again. */
  readonly sent: number;
  /** Results that went on to clients. */
  readonly done: number;
  readonly lastSeenMs: number;
}

/** Everything that the balancer counts. At rest jobs = results + queued + running + the sum of dropped. */
export interface LbReport {
  readonly jobs: number;
  readonly results: number;
  readonly queued: number;
  readonly running: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** Packets by the reason for their verdict. */
  readonly packets: Readonly<Record<string, number>>;
  readonly events: Readonly<Record<string, number>>;
  readonly servers: readonly LbServer[];
}

const packetPrefixes = ['pass_', 'drop_', 'hello_', 'job_', 'result_'];

export function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function pick(
  counters: Readonly<Record<string, number>>,
  wanted: (name: string) => boolean,
  cut = 0,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counters)
      .filter(([name]) => wanted(name))
      .map(([name, count]) => [camelCase(name.slice(cut)), count]),
  );
}

function stateOf({ threads, suspended }: LbTable, at: number, silent: boolean): LbServer['state'] {
  if (silent) return 'dead';
  if (threads[at] === 0) return 'leaving';
  return suspended[at] === 0 ? 'live' : 'suspended';
}

/** Puts the server table and the summed counters into words. `nowMs` is CLOCK_MONOTONIC. */
export function lbReport(
  table: LbTable,
  counters: Readonly<Record<string, number>>,
  nowMs: number,
  silentMs: number,
): LbReport {
  const isPacket = (name: string): boolean => packetPrefixes.some((prefix) => name.startsWith(prefix));
  const isDropped = (name: string): boolean => name.startsWith('dropped_');
  const servers = table.key.flatMap((key, at): LbServer[] => {
    if (key === 0) return [];
    const lastSeenMs = Math.max(0, Math.round(nowMs - table.seen_ns[at] / 1e6));
    const { peer, done } = table.server[at];
    const { busy, sent } = table.load[at].parts;
    return [
      {
        address: `${ipv4FromLe(peer.ip)}:${portFromLe(peer.port)}`,
        state: stateOf(table, at, lastSeenMs >= silentMs),
        threads: table.threads[at],
        busy,
        sent,
        done,
        lastSeenMs,
      },
    ];
  });
  return {
    jobs: counters.jobs ?? 0,
    results: counters.result_forwarded ?? 0,
    queued: table.queue_jobs,
    running: table.load.reduce((sum, { parts }) => sum + parts.busy, 0),
    dropped: pick(counters, isDropped, 'dropped_'.length),
    packets: pick(counters, isPacket),
    events: pick(counters, (name) => name !== 'jobs' && !isPacket(name) && !isDropped(name)),
    servers,
  };
}

/** Whether the counters add up; they may not for an instant while packets are under way. */
export function addsUp({ jobs, results, queued, running, dropped }: LbReport): boolean {
  return jobs === results + queued + running + Object.values(dropped).reduce((sum, count) => sum + count, 0);
}
