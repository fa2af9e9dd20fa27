import { TriremeError } from '../common/errors.js';
import { parseEndpoint } from './endpoint.js';
import type { Endpoint } from './types.js';

const tcp = 6n;

/** Endpoints in the order of the table's keys: by address bytes, then port. */
export function compareEndpoints(x: Endpoint, y: Endpoint): number {
  return Buffer.compare(x.address, y.address) || x.port - y.port;
}

function word(address: Uint8Array, at: number, bytes: number): bigint {
  return address.subarray(at, at + bytes).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** The table's key of the one TCP connection that is asked for, and whether the client is its endpoint `a`. */
export function pinnedKey(connection: { readonly client: string; readonly server: string }): {
  readonly six: boolean;
  readonly ports: bigint;
  readonly words: [bigint, bigint, bigint, bigint];
  readonly clientIsA: boolean;
} {
  const client = parseEndpoint(connection.client);
  const server = parseEndpoint(connection.server);
  if (client.address.length !== server.address.length)
    throw new TriremeError(
      'USAGE',
      `client ${connection.client} and server ${connection.server} are of different IP versions: give two of the same`,
    );
  const clientIsA = compareEndpoints(client, server) <= 0;
  const [a, b] = clientIsA ? [client, server] : [server, client];
  const six = a.address.length === 16;
  return {
    six,
    ports: (BigInt(a.port) << 24n) | (BigInt(b.port) << 8n) | tcp,
    words: six
      ? [word(a.address, 0, 8), word(a.address, 8, 8), word(b.address, 0, 8), word(b.address, 8, 8)]
      : [(word(a.address, 0, 4) << 32n) | word(b.address, 0, 4), 0n, 0n, 0n],
    clientIsA,
  };
}
