import fc from 'fast-check';
import { join, net, u8, zeros } from './bytes.js';
import { classicCapture, type ClassicRecord } from './classic-capture.js';
import { frame, linkTypes } from './frames.js';
import { ipv4, ipv6, protocols, udp } from './packets.js';

/** An answer record of type A or AAAA by the length of its address; another type has any bytes. */
export interface DnsAnswer {
  readonly type: number;
  readonly data: Uint8Array;
}

export interface DnsForm {
  readonly id: number;
  readonly response?: boolean;
  readonly code?: number;
  /** Labels with dots between them; null: no question. */
  readonly name: string | null;
  readonly type?: number;
  readonly answers?: readonly DnsAnswer[];
}

export function dnsName(name: string): Uint8Array {
  const labels = name === '' ? [] : name.split('.');
  return join(...labels.map((label) => join(u8(label.length), Buffer.from(label, 'latin1'))), u8(0));
}

/** A message; names of answers point at the question. */
export function dnsMessage({ id, response = false, code = 0, name, type = 1, answers = [] }: DnsForm): Uint8Array {
  return join(
    net.u16(id),
    net.u16((response ? 0x8180 : 0x0100) | code),
    net.u16(name === null ? 0 : 1),
    net.u16(answers.length),
    zeros(4),
    ...(name === null ? [] : [dnsName(name), net.u16(type), net.u16(1)]),
    ...answers.map(({ type: of, data }) =>
      join(net.u16(0xc00c), net.u16(of), net.u16(1), net.u32(60), net.u16(data.length), data),
    ),
  );
}

/** A packet between the client (its number and port) and the server (its number), either way. */
export interface DnsPacket {
  readonly six: boolean;
  readonly client: number;
  readonly port: number;
  readonly server: number;
  readonly toServer: boolean;
  readonly timeNs: bigint;
  readonly message: Uint8Array;
}

/** @param snap bytes captured at most */
export function dnsRecord(
  { six, client, port, server, toServer, timeNs, message }: DnsPacket,
  snap = 65_535,
): ClassicRecord {
  const address = (network: number, number: number): Uint8Array =>
    six ? join(net.u32(0x20010db8), zeros(8), net.u16(network), net.u16(number)) : u8(10, network, 0, number);
  const [source, target] = toServer
    ? [address(1, client), address(2, server)]
    : [address(2, server), address(1, client)];
  const ports = toServer ? { source: port, target: 53 } : { source: 53, target: port };
  const packet = { source, target, protocol: protocols.udp, payload: udp(ports, message) };
  const bytes = frame(linkTypes.ethernet, six ? 6 : 4, six ? ipv6(packet) : ipv4(packet));
  return {
    bytes: bytes.subarray(0, snap),
    originalLength: bytes.length,
    seconds: Number(timeNs / 1_000_000_000n),
    fraction: Number(timeNs % 1_000_000_000n),
  };
}

const names = ['a.example', 'b.Example', 'A.example', 'x y.example', 'www.a.example', ''];
const steps = [0n, 1_000n, 40_000n, 3_000_000n, 900_000_000n, 29_000_000_000n, 31_000_000_000n, -5_000_000n];

interface Step {
  readonly six: boolean;
  readonly client: number;
  readonly port: number;
  readonly server: number;
  readonly id: number;
  readonly name: number;
  readonly response: boolean;
  readonly code: number;
  readonly step: number;
  readonly answers: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  six: fc.boolean(),
  client: fc.nat({ max: 1 }),
  port: fc.constantFrom(1024, 53),
  server: fc.nat({ max: 1 }),
  id: fc.nat({ max: 1 }),
  name: fc.nat({ max: names.length }),
  response: fc.boolean(),
  code: fc.constantFrom(0, 0, 0, 0, 2, 3, 5),
  step: fc.nat({ max: steps.length - 1 }),
  answers: fc.nat({ max: 3 }),
});

/** Queries and answers of few clients, ids and names, so that they meet: repeated, late, to nobody, out of order. */
export const dnsTrace: fc.Arbitrary<readonly DnsPacket[]> = fc
  .array(step, { maxLength: 60, size: 'max' })
  .map((all) => {
    let timeNs = 1_700_000_000_000_000_000n;
    return all.map(({ name, response, answers, code, id, step: by, ...ends }) => {
      timeNs += steps[by];
      const asked = name === names.length ? null : names[name];
      const addresses = [u8(192, 0, 2, name), join(net.u32(0x20010db8), zeros(11), u8(name)), u8(1, 97, 0)];
      const message = dnsMessage({
        ...{ id, response, code, name: asked, type: answers === 2 ? 28 : 1 },
        answers: response ? addresses.slice(0, answers).map((data, i) => ({ type: [1, 28, 5][i], data })) : [],
      });
      return { ...ends, toServer: !response, timeNs, message };
    });
  });

/** A capture of some such packets, at most three times as many, in order of time; the same each time. */
export function namedTraffic(packets: number): Uint8Array {
  const traces = fc.sample(dnsTrace, { numRuns: Math.ceil(packets / 20), seed: 11 });
  const ordered = traces.flat().sort((x, y) => Number(x.timeNs - y.timeNs));
  const records = ordered.map((packet) => dnsRecord(packet));
  return classicCapture(records, { nanoseconds: true });
}
