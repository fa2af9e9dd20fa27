import { join, net, u8, zeros } from './bytes.js';

export interface PacketEnd {
  readonly address: Uint8Array;
  readonly port: number;
}

/**
 * The ends of a packet between a client, known by its number, and the one server; odd clients are of IPv6.
 * @param back it is from the server
 * @param port of the server
 */
export function endsOf(
  client: number,
  back: boolean,
  port: number,
): { readonly six: boolean; readonly from: PacketEnd; readonly to: PacketEnd } {
  const six = client % 2 === 1;
  const address = (network: number, number: number): Uint8Array =>
    six ? join(net.u32(0x20010db8), zeros(8), net.u16(network), net.u16(number)) : u8(10, network, 0, number);
  const own = { address: address(1, client), port: 40_000 + client };
  const server = { address: address(2, 7), port };
  return back ? { six, from: server, to: own } : { six, from: own, to: server };
}
