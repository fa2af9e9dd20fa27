import { readDnsMessage, walkAnswers, type DnsMessage } from './dns-message.js';
import { typeA, typeAaaa } from './dns-numbers.js';
import type { NameEvents } from './events.js';
import { Generations } from './generations.js';
import { refuseNames, takeCount, takeLike, takeList, takeText } from './invalid-names.js';
import { Latencies } from './latencies.js';
import { TopTable, type TopRow } from './top-table.js';

/** Queries that wait for an answer: the latest 32,768, and up to twice as many. Each is some 130 bytes. */
export const waitingKept = 32_768;

/**
 * Resolvers give a query up before that; a later answer belongs to none (RFC 1035, 7.2, and what unbound and BIND do).
 */
export const answerNsMax = 30_000_000_000n;

/** Figures of a name, a type, a server. */
export interface DnsFigures extends TopRow {
  queries: number;
  repeated: number;
  answered: number;
  /** Answers without a query. */
  unasked: number;
  noError: number;
  nxDomain: number;
  servFail: number;
  otherCodes: number;
  /** Answered ones with a latency, its sum and the most, in ns. */
  timed: number;
  latencySum: number;
  latencyMost: number;
}

const noFigures = (): DnsFigures => ({
  weight: 0,
  before: 0,
  queries: 0,
  repeated: 0,
  answered: 0,
  unasked: 0,
  noError: 0,
  nxDomain: 0,
  servFail: 0,
  otherCodes: 0,
  timed: 0,
  latencySum: 0,
  latencyMost: 0,
});

/** A query that has no answer yet. */
interface Waiting {
  /** ns; null: the packet has no time. */
  readonly time: bigint | null;
  readonly name: string | null;
  readonly type: number;
}

/** Hears that a name has an address. */
export type OnAddress = (address: string, name: string) => void;

/**
 * Counts DNS messages in the order of the file, which decides which answer is whose. A query is known by both
 * ends, its id and its name (RFC 5452, 9.1); of two that wait with the same ends and id, the later one.
 */
export class DnsCounter {
  readonly all = noFigures();
  readonly codes = new Array<number>(16).fill(0);
  malformed = 0;
  cut = 0;
  readonly latencies = new Latencies();
  readonly names = new TopTable(noFigures);
  /** By number. */
  readonly types = new TopTable(noFigures);
  /** By the bytes of their address. */
  readonly servers = new TopTable(noFigures);
  private readonly waiting = new Generations<Waiting>(waitingKept);

  constructor(private readonly onAddress: OnAddress) {}

  takePacket(packet: NameEvents): void {
    this.take(packet, packet.bytes, packet.payload, packet.captured, packet.wire, '');
  }

  /** @param over what tells queries over one transport from those over another */
  take(packet: NameEvents, bytes: Buffer, at: number, captured: number, wire: number, over: string): void {
    const message = readDnsMessage(bytes, at, captured, wire);
    if (message === null) {
      if (captured < wire) this.cut++;
      else this.malformed++;
      return;
    }
    const { isResponse, name, id } = message;
    const key = over + packet.flowWith(id, isResponse);
    const rows = [this.all];
    if (name !== null) rows.push(this.names.row(name), this.types.row(String(message.type)));
    rows.push(this.servers.row(isResponse ? packet.source : packet.target));
    let { problem } = message;
    if (!isResponse) this.query(rows, key, message, packet.time);
    else {
      this.answer(rows, key, message, packet.time);
      if (name !== null && message.responseCode === 0 && message.answersAt > 0)
        problem ??= walkAnswers(bytes, at, captured, wire, message, ({ type, dataAt, dataBytes }) => {
          if ((type === typeA && dataBytes === 4) || (type === typeAaaa && dataBytes === 16))
            this.onAddress(bytes.toString('latin1', dataAt, dataAt + dataBytes), name);
        });
    }
    if (problem === 'cut') this.cut++;
    else if (problem !== null) this.malformed++;
  }

  private query(rows: readonly DnsFigures[], key: string, { name, type }: DnsMessage, time: bigint | null): void {
    const before = this.waiting.get(key);
    const repeats = before !== undefined && before.name === name && before.type === type && inTime(before.time, time);
    for (const row of rows) {
      row.queries++;
      if (repeats) row.repeated++;
      else row.weight++;
    }
    // The answer is to the first one, from which its latency is told.
    if (!repeats) this.waiting.set(key, { time, name, type });
  }

  private answer(rows: readonly DnsFigures[], key: string, message: DnsMessage, time: bigint | null): void {
    const { name, type, responseCode } = message;
    const query = this.waiting.get(key);
    // An error may come without its question.
    const fits = query !== undefined && (name === null || (query.name === name && query.type === type));
    const answers = fits && inTime(query.time, time);
    if (answers) this.waiting.delete(key);
    const latency = answers && query.time !== null && time !== null ? Number(time - query.time) : -1;
    for (const row of rows) {
      if (answers) row.answered++;
      else {
        row.unasked++;
        row.weight++;
      }
      countCode(row, responseCode);
      if (latency >= 0) {
        row.timed++;
        row.latencySum += latency;
        row.latencyMost = Math.max(row.latencyMost, latency);
      }
    }
    this.codes[responseCode]++;
    if (latency >= 0) this.latencies.add(latency);
  }

  state(): unknown {
    return {
      all: this.all,
      codes: this.codes,
      malformed: this.malformed,
      cut: this.cut,
      latencies: this.latencies.state(),
      names: this.names.state(),
      types: this.types.state(),
      servers: this.servers.state(),
      waiting: this.waiting.state(({ time, name, type }) => [time?.toString() ?? null, name, type]),
    };
  }

  /** @throws TriremeError JOB_FAILED */
  restore(state: unknown): void {
    const told = (state ?? {}) as Record<string, unknown>;
    Object.assign(this.all, takeLike(noFigures(), told.all));
    const codes = takeList(told.codes).map(takeCount);
    for (const [i, count] of codes.slice(0, this.codes.length).entries()) this.codes[i] = count;
    this.malformed = takeCount(told.malformed);
    this.cut = takeCount(told.cut);
    this.latencies.restore(told.latencies);
    this.names.restore(told.names);
    this.types.restore(told.types);
    this.servers.restore(told.servers);
    this.waiting.restore(told.waiting, (value) => {
      const [time, name, type] = takeList(value);
      return {
        time: time === null ? null : takeTime(time),
        name: name === null ? null : takeText(name),
        type: takeCount(type),
      };
    });
  }
}

/** Times that go back are those of packets that came late into the capture. */
function inTime(from: bigint | null, to: bigint | null): boolean {
  return from === null || to === null || to - from <= answerNsMax;
}

function countCode(row: DnsFigures, code: number): void {
  if (code === 0) row.noError++;
  else if (code === 2) row.servFail++;
  else if (code === 3) row.nxDomain++;
  else row.otherCodes++;
}

function takeTime(value: unknown): bigint {
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : refuseNames('a time');
}
