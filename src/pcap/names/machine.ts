import { DnsCounter } from './dns.js';
import { eventKinds, NameEvents } from './events.js';
import { takeCount } from './invalid-names.js';
import { TlsCounter } from './tls.js';
import { TopTable, type TopRow } from './top-table.js';

/** How a name is known: an answer of DNS, the SNI of TLS. */
type CallSource = 'd' | 't';

const noCalls = (): TopRow => ({ weight: 0, before: 0 });

/** Names kept of addresses: 32,768 to twice as many. */
const addressesKept = 32_768;

/**
 * Counts all that tells names, packet by packet in the order of the file. Since chunks hand on those packets and not what they
 * made of them, every cut of a file gives the same.
 */
export class NamesMachine {
  /** By address, what it was called, and how that is known. */
  readonly addresses = new TopTable(noCalls, addressesKept);
  readonly dns = new DnsCounter((address, name) => this.call('d', address, name));
  readonly tls = new TlsCounter((address, name) => this.call('t', address, name));
  /** Packets of TCP and UDP before those of the log that comes. */
  private before = 0;

  private call(source: CallSource, address: string, name: string): void {
    this.addresses.row(calledKey(source, address, name)).weight++;
  }

  /** @throws TriremeError JOB_FAILED when the bytes are no log */
  feed(log: Uint8Array): void {
    const packet = new NameEvents(log);
    while (packet.advance()) {
      if (packet.kind === eventKinds.dns) this.dns.takePacket(packet);
      else if (packet.kind === eventKinds.hello) this.tls.takeHello(packet, this.before + packet.number);
      else this.tls.takeRest(packet, this.before + packet.number);
    }
  }

  /** So many packets were looked at, and what comes is numbered from 1 again. */
  pass(packets: number): void {
    this.before += packets;
  }

  state(): string {
    const { before } = this;
    return JSON.stringify({
      ...{ before, addresses: this.addresses.state() },
      ...{ dns: this.dns.state(), tls: this.tls.state() },
    });
  }

  /** Goes on where another machine has stood. @throws TriremeError JOB_FAILED */
  restore(text: string): void {
    const state = parsed(text);
    this.addresses.restore(state.addresses);
    this.dns.restore(state.dns);
    this.tls.restore(state.tls);
    this.before = takeCount(state.before);
  }
}

const calledKey = (source: CallSource, address: string, name: string): string =>
  `${source}${address.length === 4 ? '4' : '6'}${address}${name}`;

/** The source, the bytes of the address, and the name, of a key of `addresses`. */
export function readCalled(key: string): {
  readonly source: 'dns' | 'tls';
  readonly address: string;
  readonly name: string;
} {
  const end = key[1] === '4' ? 6 : 18;
  return { source: key.startsWith('d') ? 'dns' : 'tls', address: key.slice(2, end), name: key.slice(end) };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
