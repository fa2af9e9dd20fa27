import type { NameEvents } from './events.js';
import { ja3, ja4, versionOf } from './fingerprints.js';
import { Generations } from './generations.js';
import { refuseNames, takeCount, takeList, takeText } from './invalid-names.js';
import { helloOfRecords, printed, type ClientHello } from './tls-hello.js';
import { TopTable, type TopRow } from './top-table.js';

/** As assembly/names-follow.ts: what is looked at for the rest of a hello. Nothing may be taken that is left out there. */
const followedPackets = 4096;
const streamBytesMax = 16_640;
/** More pieces than segments of the smallest path (RFC 879: 536 bytes) would make. */
const piecesMax = 64;
/** Hellos that are not whole: each begins in a packet, and none is followed over more packets. */
const startedKept = followedPackets + 1;
/** Streams whose hello was told, so that its retransmission is not told again: each is some 100 bytes. */
const toldKept = 16_384;

interface Started {
  /** Packet and sequence number of its first segment. */
  readonly number: number;
  readonly seq: number;
  readonly pieces: [at: number, bytes: Buffer][];
}

const noCount = (): TopRow => ({ weight: 0, before: 0 });

/** Counts the ClientHellos of TLS over TCP, in the order of the file. */
export class TlsCounter {
  started = 0;
  hellos = 0;
  malformed = 0;
  withoutName = 0;
  readonly names = new TopTable(noCount);
  readonly ja4 = new TopTable(noCount);
  readonly ja3 = new TopTable(noCount);
  readonly protocols = new TopTable(noCount);
  readonly versions = new TopTable(noCount);
  private readonly open = new Generations<Started>(startedKept);
  private readonly told = new Generations<number>(toldKept);

  constructor(private readonly onAddress: (address: string, name: string) => void) {}

  /** @param number of the packet, from the start of the file */
  takeHello(packet: NameEvents, number: number): void {
    const key = packet.flowTo(false);
    const seq = packet.sequence;
    const open = this.open.get(key);
    if (open !== undefined && number - open.number <= followedPackets && fits(open, seq))
      return this.add(key, open, packet);
    if (this.told.get(key) === seq) return;
    this.started++;
    this.add(key, { number, seq, pieces: [] }, packet);
  }

  takeRest(packet: NameEvents, number: number): void {
    const key = packet.flowTo(false);
    const open = this.open.get(key);
    if (open === undefined || number - open.number > followedPackets) return;
    if (fits(open, packet.sequence)) this.add(key, open, packet);
    else this.open.delete(key);
  }

  private add(key: string, started: Started, packet: NameEvents): void {
    const { bytes, payload, captured } = packet;
    const at = (packet.sequence - started.seq) >>> 0;
    started.pieces.push([at, Buffer.from(bytes.subarray(payload, payload + captured))]);
    const hello = started.pieces.length > piecesMax ? 'malformed' : helloOfRecords(streamOf(started));
    if (hello === 'more') return this.open.set(key, started);
    this.open.delete(key);
    this.told.set(key, started.seq);
    if (hello === 'malformed') this.malformed++;
    else this.tell(hello, 't', packet.target);
  }

  tell(hello: ClientHello, over: 't' | 'q', server: string): void {
    const { serverName, protocols } = hello;
    this.hellos++;
    if (serverName === null) this.withoutName++;
    else {
      this.names.row(serverName).weight++;
      this.onAddress(server, serverName);
    }
    this.ja4.row(ja4(hello, over)).weight++;
    this.ja3.row(ja3(hello)).weight++;
    for (const protocol of protocols) this.protocols.row(printed(Buffer.from(protocol, 'latin1'))).weight++;
    this.versions.row(String(versionOf(hello))).weight++;
  }

  private get tables(): readonly TopTable<TopRow>[] {
    return [this.names, this.ja4, this.ja3, this.protocols, this.versions];
  }

  state(): unknown {
    const { started, hellos, malformed, withoutName } = this;
    return {
      counts: [started, hellos, malformed, withoutName],
      tables: this.tables.map((table) => table.state()),
      open: this.open.state(({ number, seq, pieces }) => [
        number,
        seq,
        pieces.map(([at, bytes]) => [at, bytes.toString('latin1')]),
      ]),
      told: this.told.state((seq) => seq),
    };
  }

  /** @throws TriremeError JOB_FAILED */
  restore(state: unknown): void {
    const told = (state ?? {}) as Record<string, unknown>;
    const counts = takeList(told.counts).map(takeCount);
    const tables = takeList(told.tables);
    if (counts.length !== 4 || tables.length !== this.tables.length) refuseNames('TLS');
    [this.started, this.hellos, this.malformed, this.withoutName] = counts;
    for (const [i, table] of this.tables.entries()) table.restore(tables[i]);
    this.open.restore(told.open, readStarted);
    this.told.restore(told.told, takeCount);
  }
}

function readStarted(value: unknown): Started {
  const [number, seq, pieces] = takeList(value);
  const read = takeList(pieces).map((piece): [number, Buffer] => {
    const [at, bytes] = takeList(piece);
    return [takeCount(at), Buffer.from(takeText(bytes), 'latin1')];
  });
  if (read.length > piecesMax) refuseNames('a hello');
  return { number: takeCount(number), seq: takeCount(seq), pieces: read };
}

/** Whether a segment begins within the stream of a hello. */
const fits = ({ seq }: Started, of: number): boolean => (of - seq) >>> 0 < streamBytesMax;

/** Its bytes without a gap, from the first segment on; of bytes that came twice those that came first. */
function streamOf({ pieces }: Started): Buffer {
  if (pieces.length === 1) return pieces[0][1];
  const sorted = [...pieces].sort(([x], [y]) => x - y);
  const parts: Buffer[] = [];
  let end = 0;
  for (const [at, bytes] of sorted) {
    if (at > end) break;
    if (at + bytes.length <= end) continue;
    parts.push(bytes.subarray(end - at));
    end = at + bytes.length;
  }
  return Buffer.concat(parts);
}
