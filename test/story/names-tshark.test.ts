import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import type { NamesFacts } from '../../src/pcap/names-types.js';
import { clientHello, tlsCapture, type TlsSegment } from '../support/capture-builder/tls-traces.js';
import { namedTraffic } from '../support/capture-builder/dns-traces.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { sharedCapturePaths } from '../support/shared-captures.js';

const scratch = scratchFolder();
const haveTshark = spawnSync('tshark', ['--version']).status === 0;
if (!haveTshark) console.log('SKIP: tshark is not installed (Debian: tshark)');

/** Captures in which the two differ, each for a reason that docs/FACTS.md names. */
const otherwise = /(LINKTYPE_IPV4_invalid|LINKTYPE_USER2_PKTAP|someip_sd_sample|vxlan)\.pcap$/;

/** Queries and answers by response code: `q`, or the code, and how many. */
function theirs(file: string): Record<string, number> | null {
  const fields = ['-e', 'dns.flags.response', '-e', 'dns.flags.rcode'];
  const asked = [
    '-r',
    file,
    '-Y',
    'dns && (udp.port == 53 || tcp.port == 53)',
    '-T',
    'fields',
    '-E',
    'separator=;',
    ...fields,
  ];
  const { stdout, status } = spawnSync('tshark', asked, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) return null;
  const counts: Record<string, number> = {};
  for (const line of stdout.split('\n').filter((text) => text !== '')) {
    const [response, code] = line.split(';');
    const key = response === '0' ? 'q' : Number(code).toString();
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

function ours({ dns }: NamesFacts): Record<string, number> {
  const codes = dns.response_codes.map(({ code, answers }) => [String(code), Number(answers)]);
  return Object.fromEntries([...(dns.queries === 0 ? [] : [['q', Number(dns.queries)]]), ...codes]);
}

/** Names and JA3 of ClientHellos. */
function theirHellos(file: string): Record<string, number> | null {
  const fields = ['-e', 'tls.handshake.extensions_server_name', '-e', 'tls.handshake.ja3'];
  const asked = ['-r', file, '-Y', 'tls.handshake.type == 1', '-T', 'fields', '-E', 'separator=;', ...fields];
  const { stdout, status } = spawnSync('tshark', asked, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) return null;
  const counts: Record<string, number> = {};
  for (const key of stdout.toLowerCase().split(/[\n;]/)) if (key !== '') counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

/** By method, host and status, how often. */
type HttpCounts = Record<string, number>;

/** Heads of HTTP; bodies are not waited for, since the end of many was not captured. */
function theirHttp(file: string): HttpCounts | null {
  const fields = ['http.request.method', 'http.host', 'http.response.code'].flatMap((field) => ['-e', field]);
  const told = ['-T', 'fields', '-E', 'separator=;', ...fields];
  const asked = ['-r', file, '-o', 'http.desegment_body:FALSE', '-Y', 'http && tcp', ...told];
  const { stdout, status } = spawnSync('tshark', asked, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) return null;
  const counts: HttpCounts = {};
  for (const key of stdout.split(/[\n;,]/))
    if (key !== '') counts[key.toLowerCase()] = (counts[key.toLowerCase()] ?? 0) + 1;
  return counts;
}

/** Requests whose only segment was sent again before their body, which tshark does not tell. */
const requestsSentAgain: Readonly<Record<string, number>> = { '1kxun.pcap': 2 };

const otherHellos = /(ossfuzz_seed_fake_traces_1\.pcapng|vxlan\.pcap)$/;

(haveTshark ? test : test.skip)('names and JA3 of ClientHellos are those that tshark tells', async () => {
  const long = clientHello({ name: 'long.example', alpn: ['h2'], versions: [0x0304], padding: 2000 });
  const parts = [0, 1000, 2000].map((at) => ({ client: 2, seq: 1 + at, data: long.subarray(at, at + 1000) }));
  const made = scratch.file('hellos.pcap', tlsCapture([{ client: 1, seq: 1, data: long }, ...parts]));
  const files = [made, ...sharedCapturePaths()].filter((file) => !otherHellos.test(file));
  const { stdout } = await runTrireme(['analyze', '--names', '--json', '--top', '10000', '-q', ...files]);
  const { results } = JSON.parse(stdout) as { results: { file: string; names?: NamesFacts }[] };
  const told = results.filter(({ names }) => names !== undefined && names.tls.hellos !== 0);
  expect(told.length).toBeGreaterThan(0);
  for (const { file, names } of told) {
    const rows = [...names!.tls.names.rows, ...names!.tls.ja3.rows];
    const found = theirHellos(file);
    if (found !== null) expect(Object.fromEntries(rows.map(({ name, hellos }) => [name, hellos]))).toEqual(found);
  }
});

(haveTshark ? test : test.skip)('queries and answers by response code are those that tshark tells', async () => {
  const files = [scratch.file('made.pcap', namedTraffic(400)), ...sharedCapturePaths()].filter(
    (file) => !otherwise.test(file),
  );
  const { stdout } = await runTrireme(['analyze', '--names', '--json', '-q', ...files]);
  const { results } = JSON.parse(stdout) as { results: { file: string; names?: NamesFacts; truncated?: boolean }[] };
  const told = results.filter(({ names }) => names !== undefined && names.dns.queries !== 0);
  expect(told.length).toBeGreaterThan(0);
  for (const { file, names } of told) {
    const found = theirs(file);
    if (found !== null) expect({ file, ...ours(names!) }).toEqual({ file, ...found });
  }
});

(haveTshark ? test : test.skip)('methods, hosts and statuses of HTTP are those that tshark tells', async () => {
  const says = (client: number, seq: number, text: string, back = false): TlsSegment => ({
    ...{ client, seq, data: Buffer.from(text), back, port: 80 },
  });
  const made = tlsCapture([
    says(2, 1, 'GET / HTTP/1.1\r\nAccept: */*\r\n'),
    says(2, 30, 'Host: in-two.example\r\n\r\n'),
    says(2, 1, 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', true),
    says(4, 1, 'GET /1 HTTP/1.1\r\nHost: one.example\r\n\r\nGET /2 HTTP/1.1\r\nHost: two.example\r\n\r\n'),
  ]);
  // A fuzzer has changed one of the others.
  const files = [scratch.file('http.pcap', made), ...sharedCapturePaths()].filter((file) => !/fuzz-/.test(file));
  const { stdout } = await runTrireme(['analyze', '--names', '--json', '--top', '10000', '-q', ...files]);
  const { results } = JSON.parse(stdout) as { results: { file: string; names?: NamesFacts }[] };
  const told = results.filter(({ names }) => names !== undefined && Number(names.http.requests) > 1);
  expect(told.length).toBeGreaterThan(0);
  for (const { file, names } of told) {
    const { methods, hosts, statuses } = names!.http;
    const found = theirHttp(file);
    if (found === null) continue;
    const ours: [string, number][] = [
      ...methods.rows.map(({ method, requests }): [string, number] => [method.toLowerCase(), Number(requests)]),
      ...hosts.rows.map(({ host, requests }): [string, number] => [host, Number(requests)]),
      ...statuses.rows.map(({ status, responses }): [string, number] => [status, Number(responses)]),
    ];
    const differences = ours.filter(([key, count]) => count !== found[key]);
    const more = differences.map(([key, count]) => count - (found[key] ?? 0));
    // Each has a method and a host.
    expect([file, ...more.filter((count) => count < 0)]).toEqual([file]);
    expect([file, more.reduce((sum, count) => sum + count, 0)]).toEqual([
      file,
      2 * (requestsSentAgain[basename(file)] ?? 0),
    ]);
    expect(Object.keys(found).filter((key) => !ours.some(([one]) => one === key))).toEqual([]);
  }
});
