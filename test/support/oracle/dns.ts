import { addressText } from './address-text.js';
import { classify } from './conversations.js';
import type { OracleReading } from './result.js';

// Queries and answers of DNS over UDP by the rules of docs/FACTS.md, with no thought of speed.

interface Counts {
  queries: number;
  repeated: number;
  answered: number;
  answers_without_query: number;
  codes: number[];
  latencies: bigint[];
}

const none = (): Counts => ({
  ...{ queries: 0, repeated: 0, answered: 0, answers_without_query: 0 },
  ...{ codes: new Array<number>(16).fill(0), latencies: [] },
});

/** A whole name at a place and where it ends; null: it is none. */
function nameAt(message: Buffer, at: number): { name: string; end: number } | null {
  const labels: string[] = [];
  for (;;) {
    const length = message[at] as number | undefined;
    if (length === undefined || length > 63 || at + 1 + length > message.length) return null;
    if (length === 0) return { name: labels.length === 0 ? '.' : labels.join('.'), end: at + 1 };
    const label = message
      .subarray(at + 1, at + 1 + length)
      .toString('latin1')
      .toLowerCase();
    labels.push(label.replaceAll(' ', '\\032'));
    at += 1 + length;
  }
}

/** What names facts say of DNS, of names that no pointer shortens. */
export class DnsOracle {
  readonly all = none();
  readonly names = new Map<string, Counts>();
  readonly servers = new Map<string, Counts>();
  /** Of each address, how often it was called what. */
  readonly called = new Map<string, number>();
  malformed = 0;
  cut = 0;
  private readonly waiting = new Map<string, { time: bigint; name: string | null; type: number }>();

  constructor(reading: OracleReading) {
    for (const packet of reading.packets) {
      const { ip, family } = classify(packet);
      if (ip?.protocol !== 17 || ip.transport === null || ip.transport.length < 4) continue;
      const udp = Buffer.from(ip.transport);
      const ports = [udp.readUInt16BE(0), udp.readUInt16BE(2)];
      if (!ports.includes(53)) continue;
      const before = family === 'ipv4' ? 34 : 54;
      this.message(ip, ports, udp.subarray(8), packet.originalLength - before - 8, packet.timeNs!);
    }
  }

  private message(
    ip: { source: Uint8Array; target: Uint8Array },
    ports: number[],
    message: Buffer,
    wire: number,
    time: bigint,
  ): void {
    const broken = message.length < wire ? 'cut' : 'malformed';
    if (message.length < 12) {
      this[broken]++;
      return;
    }
    const isAnswer = message[2] >= 128;
    const ends = [`${addressText(ip.source)} ${ports[0]}`, `${addressText(ip.target)} ${ports[1]}`];
    const key = `${(isAnswer ? ends.reverse() : ends).join(' ')} ${message.readUInt16BE(0)}`;
    const found = message.readUInt16BE(4) === 0 ? null : nameAt(message, 12);
    const whole = found !== null && found.end + 4 <= message.length;
    const name = whole ? found.name : null;
    const type = whole ? message.readUInt16BE(found.end) : 0;
    let sound = message.readUInt16BE(4) === 0 || whole;
    const server = addressText(isAnswer ? ip.source : ip.target);
    const rows = [this.all, rowOf(this.servers, server), ...(name === null ? [] : [rowOf(this.names, name)])];
    if (isAnswer) {
      this.answer(rows, key, name, type, message[3] & 15, time);
      if (name !== null && (message[3] & 15) === 0) sound = this.addresses(message, found!.end + 4, name);
    } else this.query(rows, key, name, type, time);
    if (!sound) this[broken]++;
  }

  private query(rows: Counts[], key: string, name: string | null, type: number, time: bigint): void {
    const before = this.waiting.get(key);
    const again = before?.name === name && before.type === type && time - before.time <= 30_000_000_000n;
    for (const row of rows) {
      row.queries++;
      if (again) row.repeated++;
    }
    if (!again) this.waiting.set(key, { time, name, type });
  }

  private answer(rows: Counts[], key: string, name: string | null, type: number, code: number, time: bigint): void {
    const query = this.waiting.get(key);
    const late = query !== undefined && time - query.time > 30_000_000_000n;
    const ours = query !== undefined && !late && (name === null || (query.name === name && query.type === type));
    if (ours) this.waiting.delete(key);
    for (const row of rows) {
      row.codes[code]++;
      if (!ours) row.answers_without_query++;
      else {
        row.answered++;
        if (time >= query.time) row.latencies.push(time - query.time);
      }
    }
  }

  /** Answers whose names are pointers of two bytes. False: they do not end. */
  private addresses(message: Buffer, at: number, name: string): boolean {
    for (let left = message.readUInt16BE(6); left > 0; left--) {
      if (at + 12 > message.length) return false;
      const length = message.readUInt16BE(at + 10);
      if (at + 12 + length > message.length) return false;
      const type = message.readUInt16BE(at + 2);
      const isAddress = (type === 1 && length === 4) || (type === 28 && length === 16);
      const key = isAddress ? `${addressText(message.subarray(at + 12, at + 12 + length))} ${name}` : null;
      if (key !== null) this.called.set(key, (this.called.get(key) ?? 0) + 1);
      at += 12 + length;
    }
    return true;
  }
}

function rowOf(rows: Map<string, Counts>, key: string): Counts {
  const row = rows.get(key) ?? none();
  rows.set(key, row);
  return row;
}

/** Counts in the words of the report. */
export function toldCounts({ codes, latencies, ...counts }: Counts): Record<string, unknown> {
  const sum = latencies.reduce((total, one) => total + one, 0n);
  const most = latencies.reduce((x, y) => (y > x ? y : x), 0n);
  return {
    ...counts,
    unanswered: counts.queries - counts.repeated - counts.answered,
    no_error: codes[0],
    nx_domain: codes[3],
    serv_fail: codes[2],
    other_codes: codes.reduce((x, y) => x + y) - codes[0] - codes[2] - codes[3],
    latency_mean_ns: latencies.length === 0 ? null : String(sum / BigInt(latencies.length)),
    latency_max_ns: latencies.length === 0 ? null : String(most),
  };
}
