import type { NameEvents } from './events.js';
import { joined, streamWith, type Followed, type Started } from './followed.js';
import { Generations } from './generations.js';
import { nameOfHost, readRequest, type HttpRequest } from './http-head.js';
import { takeCount, takeCounts, takeLike, takeList, takeText } from './invalid-names.js';
import { noCount, TopTable, type TopRow } from './top-table.js';

/** Directions whose last head is known: the latest 16,384, and up to twice as many. Each is some 100 bytes. */
const flowsKept = 16_384;

/**
 * A head that begins so many bytes behind the last one of its direction or less is that one, or one before
 * it, sent again. More than a window without scaling (RFC 9293, 3.1); of connections that use a port again
 * one in 4,096 begins in there.
 */
const againBytesMax = 2 ** 20;

/** What a direction has sent last. */
interface Flow {
  readonly seq: number;
  /** Of a request; null: it has none, or it is a response. */
  readonly host: string | null;
}

/** Figures of a host. Its weight is its requests. */
export interface HttpFigures extends TopRow {
  responses: number;
  /** By the first digit of their status. */
  informational: number;
  success: number;
  redirects: number;
  clientErrors: number;
  serverErrors: number;
}

const noFigures = (): HttpFigures => ({
  ...noCount(),
  ...{ responses: 0, informational: 0, success: 0, redirects: 0, clientErrors: 0, serverErrors: 0 },
});

/** Counts requests and responses of HTTP/1 over TCP, in the order of the file. */
export class HttpCounter {
  /** Its weight is all requests. */
  readonly all = noFigures();
  withoutHost = 0;
  incomplete = 0;
  /** By Host. */
  readonly hosts = new TopTable(noFigures);
  readonly methods = new TopTable(noCount);
  readonly statuses = new TopTable(noCount);
  private readonly flows = new Generations<Flow>(flowsKept);

  constructor(
    private readonly followed: Followed,
    private readonly onAddress: (address: string, name: string) => void,
  ) {}

  /** @param number of the packet, from the start of the file */
  takeRequest(packet: NameEvents, number: number): void {
    if (!this.isNew(packet)) {
      if (this.followed.of(packet, number)?.seq !== packet.sequence) this.followed.end(packet);
      return;
    }
    this.incomplete++;
    this.takeRest(this.followed.begin(packet, number, true), packet);
  }

  takeRest(started: Started, packet: NameEvents): void {
    const wasCounted = started.pieces.length > 0 && readRequest(joined(started.pieces)).isHttp === true;
    const stream = streamWith(started, packet);
    const request = stream === null ? null : readRequest(stream);
    if (request?.goesOn === true && request.isHttp !== false) this.followed.keep(packet, started);
    else this.followed.end(packet);
    if (request === null || request.isHttp === null) return;
    if (!request.isHttp) this.incomplete--;
    else this.count(request, wasCounted, packet, started.seq);
  }

  private count(
    { method, host, isRead, hasPath }: HttpRequest,
    wasCounted: boolean,
    packet: NameEvents,
    seq: number,
  ): void {
    if (!wasCounted) {
      this.all.weight++;
      this.methods.row(method).weight++;
    }
    if (!isRead) return;
    this.incomplete--;
    if (host === null) {
      this.withoutHost++;
      return;
    }
    this.hosts.row(host).weight++;
    this.flows.set(packet.flowTo(false), { seq, host });
    const name = hasPath ? nameOfHost(host) : null;
    if (name !== null) this.onAddress(packet.target, name);
  }

  takeResponse(packet: NameEvents): void {
    const { bytes, payload, captured } = packet;
    const line = bytes.toString('latin1', payload, payload + captured);
    if (!/^HTTP\/1\.\d \d{3}$/.test(line) || !this.isNew(packet)) return;
    const status = line.slice(9);
    this.statuses.row(status).weight++;
    const host = this.flows.get(packet.flowTo(true))?.host ?? null;
    const row = host === null ? undefined : this.hosts.find(host);
    for (const figures of row === undefined ? [this.all] : [this.all, row]) countStatus(figures, status);
  }

  /** Notes a head as the last one of its direction. False: it is sent again. */
  private isNew(packet: NameEvents): boolean {
    const key = packet.flowTo(false);
    const { sequence: seq } = packet;
    const last = this.flows.get(key);
    if (last !== undefined && (last.seq - seq) >>> 0 < againBytesMax) return false;
    this.flows.set(key, { seq, host: null });
    return true;
  }

  state(): unknown {
    const { all, withoutHost, incomplete, hosts, methods, statuses } = this;
    return {
      ...{ all, counts: [withoutHost, incomplete] },
      tables: [hosts, methods, statuses].map((table) => table.state()),
      flows: this.flows.state(({ seq, host }) => [seq, host]),
    };
  }

  /** @throws TriremeError JOB_FAILED */
  restore(state: unknown): void {
    const { all, counts, tables, flows } = (state ?? {}) as Record<string, unknown>;
    Object.assign(this.all, takeLike(noFigures(), all));
    [this.withoutHost, this.incomplete] = takeCounts(counts, 2);
    const told = takeList(tables);
    for (const [i, table] of [this.hosts, this.methods, this.statuses].entries()) table.restore(told[i]);
    this.flows.restore(flows, (value) => {
      const [seq, host] = takeList(value);
      return { seq: takeCount(seq), host: host === null ? null : takeText(host) };
    });
  }
}

function countStatus(row: HttpFigures, status: string): void {
  row.responses++;
  if (status.startsWith('1')) row.informational++;
  else if (status.startsWith('2')) row.success++;
  else if (status.startsWith('3')) row.redirects++;
  else if (status.startsWith('4')) row.clientErrors++;
  else if (status.startsWith('5')) row.serverErrors++;
}
