import type { CaptureFacts } from '../../src/pcap/report-types.js';
import type { NamesFacts } from '../../src/pcap/names-types.js';
import { clientHello, tlsCapture } from './capture-builder/tls-traces.js';
import { namedTraffic } from './capture-builder/dns-traces.js';
import { reportOptions, scanOptions, scanWhole } from './engine.js';

const hello = clientHello({ name: 'a.tls.example', alpn: ['h2', 'http/1.1'], versions: [0x0304] });
const other = clientHello({ name: 'b.tls.example', ciphers: [5, 6] });

const http = [
  ...['GET / HTTP/1.1\r\nHost: a.http.example\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n'],
  ...['POST / HTTP/1.1\r\nHost: b.http.example\r\n\r\n', 'HTTP/1.1 404 Not Found\r\n\r\n'],
];

/** Names of a small capture, with rows in every table. */
export function sampleNames(): NamesFacts {
  const options = { ...scanOptions, names: true };
  const dns = namedTraffic(40);
  const capture = Buffer.concat([
    dns,
    tlsCapture([
      { client: 0, seq: 1, data: hello },
      { client: 2, seq: 1, data: hello },
      { client: 2, seq: 9000, data: other },
      ...http.map((text, i) => ({ client: 4, seq: 1 + 100 * i, data: Buffer.from(text), back: i % 2 === 1 })),
    ]).subarray(24),
  ]);
  return (scanWhole(capture, options, undefined, { ...reportOptions, top: 50 }) as CaptureFacts).names!;
}
