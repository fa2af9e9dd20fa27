import { DnsCounter } from './dns.js';
import { eventKinds, NameEvents } from './events.js';
import { TopTable, type TopRow } from './top-table.js';

const noCalls = (): TopRow => ({ weight: 0, before: 0 });

/** Names kept of addresses: 32,768 to twice as many. */
const addressesKept = 32_768;

/**
 * Counts all that tells names, packet by packet in the order of the file. Since chunks hand on those packets and not what they
 * made of them, every cut of a file gives the same.
 */
export class NamesMachine {
  /** By address and what it was called. */
  readonly addresses = new TopTable(noCalls, addressesKept);
  readonly dns = new DnsCounter((address, name) => {
    this.addresses.row(calledKey(address, name)).weight++;
  });

  /** @throws TriremeError JOB_FAILED when the bytes are no log */
  feed(log: Uint8Array): void {
    const packet = new NameEvents(log);
    while (packet.advance()) if (packet.kind === eventKinds.dns) this.dns.takePacket(packet);
  }

  state(): string {
    return JSON.stringify({ addresses: this.addresses.state(), dns: this.dns.state() });
  }

  /** Goes on where another machine has stood. @throws TriremeError JOB_FAILED */
  restore(text: string): void {
    const state = parsed(text);
    this.addresses.restore(state.addresses);
    this.dns.restore(state.dns);
  }
}

const calledKey = (address: string, name: string): string => `${address.length === 4 ? '4' : '6'}${address}${name}`;

/** The bytes of the address, and the name, of a key of `addresses`. */
export function readCalled(key: string): { readonly address: string; readonly name: string } {
  const end = key.startsWith('4') ? 5 : 17;
  return { address: key.slice(1, end), name: key.slice(end) };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
