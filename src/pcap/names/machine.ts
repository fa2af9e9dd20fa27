import type { AddressRow } from '../names-types.js';
import { DhcpCounter } from './dhcp.js';
import { DnsCounter } from './dns.js';
import { DnsStreams } from './dns-streams.js';
import { eventKinds, NameEvents } from './events.js';
import { Followed } from './followed.js';
import { HttpCounter } from './http.js';
import { takeCount } from './invalid-names.js';
import { TlsCounter } from './tls.js';
import { QuicCounter } from './quic.js';
import { noCount, TopTable } from './top-table.js';

/** How a name is known, by the first letter of its key. */
const callSources = { d: 'dns', t: 'tls', h: 'http', c: 'dhcp' } as const;
type CallSource = keyof typeof callSources;

/** Names kept of addresses: 32,768 to twice as many. */
const addressesKept = 32_768;

/**
 * Counts all that tells names, packet by packet in the order of the file. Since chunks hand on those packets
 * and not what they made of them, every cut of a file gives the same.
 */
export class NamesMachine {
  /** By address, what it was called, and how that is known. */
  readonly addresses = new TopTable(noCount, addressesKept);
  readonly dns = new DnsCounter((address, name) => this.call('d', address, name));
  /** Of DNS over TCP. */
  readonly streams = new DnsStreams((packet, message, wire) =>
    this.dns.take(packet, message, 0, message.length, wire, 'tcp'),
  );
  private readonly followed = new Followed();
  readonly tls = new TlsCounter(this.followed, (address, name) => this.call('t', address, name));
  readonly quic = new QuicCounter(this.tls);
  readonly http = new HttpCounter(this.followed, (address, name) => this.call('h', address, name));
  readonly dhcp = new DhcpCounter((address, name) => this.call('c', address, name));
  /** Packets of TCP and UDP before those of the log that comes. */
  private before = 0;

  private call(source: CallSource, address: string, name: string): void {
    this.addresses.row(calledKey(source, address, name)).weight++;
  }

  /** @throws TriremeError JOB_FAILED when the bytes are no log */
  feed(log: Uint8Array): void {
    const packet = new NameEvents(log);
    while (packet.advance()) this.take(packet);
  }

  private take(packet: NameEvents): void {
    const number = this.before + packet.number;
    switch (packet.kind) {
      case eventKinds.dns:
        return this.dns.takePacket(packet);
      case eventKinds.hello:
        return this.tls.takeHello(packet, number);
      case eventKinds.rest:
        return this.takeRest(packet, number);
      case eventKinds.httpRequest:
        return this.http.takeRequest(packet, number);
      case eventKinds.httpResponse:
        return this.http.takeResponse(packet);
      case eventKinds.dnsStream:
        return this.streams.take(packet);
      case eventKinds.quic:
        return this.quic.take(packet);
      case eventKinds.dhcp:
        return this.dhcp.take(packet);
    }
  }

  private takeRest(packet: NameEvents, number: number): void {
    const started = this.followed.of(packet, number);
    if (started === undefined) this.followed.end(packet);
    else if (started.isHttp) this.http.takeRest(started, packet);
    else this.tls.takeRest(started, packet);
  }

  /** So many packets were looked at, and what comes is numbered from 1 again. */
  pass(packets: number): void {
    this.before += packets;
  }

  /** What goes on, each by its name. */
  private get parts(): Readonly<Record<string, { state(): unknown; restore(state: unknown): void }>> {
    const { addresses, dns, streams, followed, tls, quic, http, dhcp } = this;
    return { addresses, dns, streams, followed, tls, quic, http, dhcp };
  }

  state(): string {
    const states = Object.entries(this.parts).map(([name, part]) => [name, part.state()]);
    return JSON.stringify({ before: this.before, ...Object.fromEntries(states) });
  }

  /** Goes on where another machine has stood. @throws TriremeError JOB_FAILED */
  restore(text: string): void {
    const state = parsed(text);
    for (const [name, part] of Object.entries(this.parts)) part.restore(state[name]);
    this.before = takeCount(state.before);
  }
}

const calledKey = (source: CallSource, address: string, name: string): string =>
  `${source}${address.length === 4 ? '4' : '6'}${address}${name}`;

/** The source, the bytes of the address, and the name, of a key of `addresses`. */
export function readCalled(key: string): {
  readonly source: AddressRow['source'];
  readonly address: string;
  readonly name: string;
} {
  const end = key[1] === '4' ? 6 : 18;
  return { source: callSources[key[0] as CallSource], address: key.slice(2, end), name: key.slice(end) };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
