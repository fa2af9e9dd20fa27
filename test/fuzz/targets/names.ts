import type { ScanOptions } from '../../../src/pcap/types.js';
import { toCanonicalJson } from '../../../src/pcap/rows/json-pieces.js';
import { classicCapture } from '../../support/capture-builder.js';
import { dnsMessage } from '../../support/capture-builder/dns-traces.js';
import {
  cryptoFrame,
  initialPacket,
  padded,
  quic1,
  quic2,
  udpRecord,
} from '../../support/capture-builder/quic-traces.js';
import { clientHello, tlsRecord } from '../../support/capture-builder/tls-traces.js';
import { headerOf, plansAt, scanOptions, scanSplit, scanWhole } from '../../support/engine.js';
import { must, utf8, type FuzzTarget } from '../target.js';

const options: ScanOptions = { ...scanOptions, conversationsMax: 4096, names: true };
const hello = clientHello({ name: 'a.example', alpn: ['h2'], versions: [0x0304], padding: 100 });
const id = Buffer.from('8394c8f03e515708', 'hex');
const ports = [80, 443, 53, 67, 53, 443, 443] as const;

/** Payloads, each behind its kind, its length in two bytes, and how far it goes back in the stream. */
const framed = (...payloads: readonly (readonly [kind: number, payload: Uint8Array])[]): Uint8Array =>
  Buffer.concat(
    payloads.flatMap(([kind, bytes]) => [Uint8Array.of(kind, bytes.length >> 8, bytes.length & 255, 0), bytes]),
  );

/** The packets of an input: segments of three streams, datagrams, and frames that are sealed as those of QUIC are. */
function recordsOf(input: Uint8Array): Uint8Array {
  const records = [];
  const next = [1, 1, 1];
  for (let at = 0; at + 4 <= input.length && records.length < 40;) {
    const kind = input[at] % ports.length;
    const data = input.subarray(at + 4, at + 4 + (input[at + 1] << 8) + input[at + 2]);
    const back = (input[at] & 0x80) !== 0;
    if (kind < 3) {
      next[kind] = (next[kind] - input[at + 3]) >>> 0;
      records.push(tlsRecord({ client: kind, port: ports[kind], seq: next[kind], data, back }));
      next[kind] = (next[kind] + data.length) >>> 0;
    } else if (kind < 5) records.push(udpRecord({ client: kind, port: ports[kind], data, back }));
    else {
      const quic = kind === 5 ? quic1 : quic2;
      const sealed = initialPacket({ quic, id, number: input[at + 3], frames: padded(1162, data) });
      records.push(udpRecord({ client: kind, data: sealed, back }));
    }
    at += 4 + data.length;
  }
  return classicCapture(records);
}

const request = utf8('GET / HTTP/1.1\r\nAccept: */*\r\nHost: a.example:80\r\n\r\n');
const query = dnsMessage({ id: 1, name: 'a.example' });
const stream = Buffer.concat([Uint8Array.of(0, query.length), query]);

export const packetNames: FuzzTarget = {
  name: 'names',
  what: 'packets that tell names: HTTP, TLS, DNS over both transports, DHCP, frames of QUIC; the same in two chunks',
  seeds: () => [
    framed(
      [0, request],
      [0x80, utf8('HTTP/1.1 200 OK\r\n\r\n')],
      [0, request.subarray(0, 20)],
      [0, request.subarray(20)],
    ),
    framed([1, hello.subarray(0, 50)], [1, hello.subarray(50)]),
    framed([2, stream], [2, stream.subarray(0, 20)], [2, stream.subarray(20)], [4, query]),
    framed([5, cryptoFrame(0, hello.subarray(5))], [6, cryptoFrame(0, hello.subarray(5))]),
    framed([5, cryptoFrame(90, hello.subarray(95))], [5, cryptoFrame(0, hello.subarray(5, 95))]),
    framed([3, Buffer.concat([Buffer.alloc(236), Buffer.from('63825363350103 0c0161ff'.replace(/ /g, ''), 'hex')])]),
  ],
  words: ['HTTP/1.1', '\r\nHost: ', '\r\n\r\n', 'GET /', Uint8Array.of(0x63, 0x82, 0x53, 0x63), Uint8Array.of(6, 0x40)],
  run: (input) => {
    const bytes = recordsOf(input);
    const whole = toCanonicalJson(scanWhole(bytes, options));
    if (input.length % 4 !== 0) return;
    const plans = plansAt(headerOf(bytes), [Math.max(25, (bytes.length * (input[0] ?? 0)) >> 8)]);
    must(toCanonicalJson(scanSplit(bytes, plans, options).report) === whole, 'two chunks tell what one does');
  },
};
