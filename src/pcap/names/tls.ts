import type { NameEvents } from './events.js';
import { fingerprintsOf, versionOf } from './fingerprints.js';
import { streamWith, type Followed, type Started } from './followed.js';
import { Generations } from './generations.js';
import { takeCount, takeCounts, takeList } from './invalid-names.js';
import { helloOfRecords, printed, type ClientHello } from './tls-hello.js';
import { noCount, TopTable, type TopRow } from './top-table.js';

/** Streams whose hello was told, so that its retransmission is not told again: each is some 100 bytes. */
const toldKept = 16_384;

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
  private readonly told = new Generations<number>(toldKept);

  constructor(
    private readonly followed: Followed,
    private readonly onAddress: (address: string, name: string) => void,
  ) {}

  /** @param number of the packet, from the start of the file */
  takeHello(packet: NameEvents, number: number): void {
    const open = this.followed.of(packet, number);
    if (open?.isHttp === false) return this.takeRest(open, packet);
    if (this.told.get(packet.flowTo(false)) === packet.sequence) return this.followed.end(packet);
    this.started++;
    this.takeRest(this.followed.begin(packet, number, false), packet);
  }

  takeRest(started: Started, packet: NameEvents): void {
    const stream = streamWith(started, packet);
    const hello = stream === null ? 'malformed' : helloOfRecords(stream);
    if (hello === 'more') return this.followed.keep(packet, started);
    this.followed.end(packet);
    this.told.set(packet.flowTo(false), started.seq);
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
    const { ja3, ja4 } = fingerprintsOf(hello, over);
    this.ja4.row(ja4).weight++;
    this.ja3.row(ja3).weight++;
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
      told: this.told.state((seq) => seq),
    };
  }

  /** @throws TriremeError JOB_FAILED */
  restore(state: unknown): void {
    const told = (state ?? {}) as Record<string, unknown>;
    const tables = takeList(told.tables);
    [this.started, this.hellos, this.malformed, this.withoutName] = takeCounts(told.counts, 4);
    for (const [i, table] of this.tables.entries()) table.restore(tables[i]);
    this.told.restore(told.told, takeCount);
  }
}
