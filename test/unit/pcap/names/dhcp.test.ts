import type { NamesFacts } from '../../../../src/pcap/names-types.js';
import type { CaptureFacts } from '../../../../src/pcap/report-types.js';
import { join, net, u8, zeros } from '../../../support/capture-builder/bytes.js';
import { udpCapture } from '../../../support/capture-builder/quic-traces.js';
import { classicCapture } from '../../../support/capture-builder.js';
import { frame, linkTypes } from '../../../support/capture-builder/frames.js';
import { ipv4, protocols, udp } from '../../../support/capture-builder/packets.js';
import { reportOptions, scanOptions, scanWhole } from '../../../support/engine.js';

interface Message {
  readonly server?: boolean;
  readonly transaction?: number;
  readonly type: number;
  readonly name?: string;
  readonly client?: number;
  readonly your?: number;
  /** The fields of the server's name and of the file's. */
  readonly fields?: { readonly server?: Uint8Array; readonly file?: Uint8Array };
  /** Behind the options, in place of their end. */
  readonly rest?: Uint8Array;
}

const address = (host: number | undefined): Uint8Array => (host === undefined ? zeros(4) : u8(10, 0, 0, host));

const filled = (bytes: Uint8Array = u8(), length: number): Uint8Array => join(bytes, zeros(length - bytes.length));

/** A message of one client (RFC 2131, 2). */
function message({
  server = false,
  transaction = 1,
  type,
  name,
  client,
  your,
  fields = {},
  rest = u8(0, 255, 9),
}: Message): Uint8Array {
  return join(
    ...[u8(server ? 2 : 1, 1, 6, 0), net.u32(transaction), zeros(4), address(client), address(your), zeros(8)],
    ...[
      u8(2, 0, 0, 0, 0, 1),
      zeros(10),
      filled(fields.server, 64),
      filled(fields.file, 128),
      net.u32(0x63825363),
      u8(53, 1, type),
    ],
    ...(name === undefined ? [] : [u8(12, name.length), Buffer.from(name, 'latin1')]),
    rest,
  );
}

function namesOf(messages: readonly Message[], snap = 65_535): NamesFacts {
  const records = messages.map((one) => {
    const ports = one.server === true ? { source: 67, target: 68 } : { source: 68, target: 67 };
    const ends = { source: address(1), target: address(255), protocol: protocols.udp };
    const bytes = frame(linkTypes.ethernet, 4, ipv4({ ...ends, payload: udp(ports, message(one)) }));
    return { bytes: bytes.subarray(0, snap), originalLength: bytes.length };
  });
  return (scanWhole(classicCapture(records), { ...scanOptions, names: true }, undefined, reportOptions) as CaptureFacts)
    .names!;
}

const calledIn = (messages: readonly Message[]): unknown[] =>
  namesOf(messages).addresses.rows.map(({ address, name, source, times }) => [address, name, source, times]);

describe('an address that DHCP gives', () => {
  test('is called by a name in the fields that the options overload, and by that of the options before it', () => {
    const named = (name: string): Uint8Array => join(u8(12, name.length), Buffer.from(name), u8(255));
    const fields = { server: named('in-server'), file: named('in-file') };
    const told = (overload: number, more: Partial<Message> = {}): unknown => {
      const rest = join(u8(52, 1, overload, 255));
      return calledIn([{ type: 5, server: true, your: 9, fields, rest, ...more }]).map((row) => (row as unknown[])[1]);
    };
    expect([0, 1, 2, 3].map((overload) => told(overload))).toEqual([[], ['in-file'], ['in-server'], ['in-file']]);
    expect(told(3, { name: 'in-options' })).toEqual(['in-options']);
    // One that reaches to the very end of its field, without an end of its own; and one that goes beyond.
    const whole = join(u8(12, 62), Buffer.from('w'.repeat(62)));
    expect(told(2, { fields: { server: whole } })).toEqual(['w'.repeat(62)]);
    const torn = { type: 5, server: true, your: 9, rest: u8(52, 1, 2, 255), fields: { server: u8(12, 63) } };
    expect(namesOf([torn]).dhcp).toMatchObject({ messages: 0, malformed: 1 });
  });

  test('is called by the name that the client has told in its request', () => {
    const asked = { type: 3, name: 'Laptop', transaction: 7 };
    expect(calledIn([asked, { type: 5, server: true, transaction: 7, your: 9 }])).toEqual([
      ['10.0.0.9', 'laptop', 'dhcp', 1],
    ]);
    expect(calledIn([asked, { type: 5, server: true, transaction: 8, your: 9 }])).toEqual([]);
    expect(calledIn([asked, { type: 2, server: true, transaction: 7, your: 9 }])).toEqual([]);
  });

  test('is called by the name that the server tells before that', () => {
    const both = [
      { type: 3, name: 'one' },
      { type: 5, server: true, your: 9, name: 'two' },
    ];
    expect(calledIn(both)).toEqual([['10.0.0.9', 'two', 'dhcp', 1]]);
  });

  test('is called by the client that renews it, and by the answer to a question of a client that has one', () => {
    expect(calledIn([{ type: 3, name: 'a\0', client: 5 }])).toEqual([['10.0.0.5', 'a', 'dhcp', 1]]);
    const informs = [
      { type: 8, name: 'b\x1b' },
      { type: 5, server: true, client: 6 },
    ];
    expect(calledIn(informs)).toEqual([['10.0.0.6', 'b\\027', 'dhcp', 1]]);
  });

  test('counts, with or without a name', () => {
    const { dhcp } = namesOf([{ type: 1 }, { type: 5, server: true, your: 4 }, { type: 5, server: true }]);
    expect(dhcp).toEqual({ messages: 3, given: 1, without_name: 1, malformed: 0, cut: 0 });
  });
});

test('a message whose options do not end is malformed, or cut', () => {
  expect(
    namesOf([
      { type: 1, rest: u8(12, 5, 65) },
      { type: 1, rest: u8(12) },
      { type: 1, rest: zeros(0) },
    ]).dhcp,
  ).toMatchObject({
    messages: 0,
    malformed: 3,
  });
  expect(namesOf([{ type: 1 }], 200).dhcp).toMatchObject({ messages: 0, cut: 1 });
  const other = udpCapture([{ client: 0, port: 67, data: message({ type: 1 }) }]);
  expect((scanWhole(other, { ...scanOptions, names: true }) as CaptureFacts).names!.dhcp.messages).toBe(0);
});
