import fc from 'fast-check';
import { clientHello, type TlsSegment } from './tls-traces.js';

const lines = (...text: readonly string[]): string => `${text.join('\r\n')}\r\n`;

/** What a client sends at once: heads with bodies, good and bad. */
const sent: readonly string[] = [
  lines('GET /a HTTP/1.1', 'Host: a.example', 'Accept: */*', ''),
  lines('POST /b HTTP/1.1', 'Accept: text/html', 'X-Long: 0123456789abcdef', 'host:  B.Example:8080 ', '') + 'body=1',
  lines('GET /c HTTP/1.0', 'Accept: */*', '') + 'host: none.example\r\n',
  lines('GET http://c.example/ HTTP/1.1', 'Host: c.example', ''),
  lines('HEAD /d HTTP/1.1', 'Host: 10.0.0.7', '') + lines('GET /e HTTP/1.1', 'Host: a.example', ''),
  'OPTIONS * HTTP/1.1\nHost: d.example\n\n',
  lines('PRI * HTTP/2.0', '', 'SM', ''),
  lines('GET /plain'),
  lines('USER nobody@a.example', 'Host: no.example', ''),
];
const answers: readonly string[] = [
  lines('HTTP/1.1 200 OK', 'Content-Length: 0', ''),
  lines('HTTP/1.1 404 Not Found', '', 'HTTP/1.1 200 OK', ''),
  lines('HTTP/1.0 503 Busy', ''),
  lines('HTTP/1.1 100 Continue', '') + lines('HTTP/1.1 302 Found', ''),
  lines('HTTP/1.1 20'),
];

interface Turn {
  readonly client: number;
  readonly back: boolean;
  readonly what: number;
  readonly cuts: readonly number[];
  readonly swap: boolean;
  readonly again: number;
  readonly lose: number;
  readonly hello: boolean;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  client: fc.nat({ max: 2 }),
  back: fc.constantFrom(false, false, true),
  what: fc.nat({ max: sent.length - 1 }),
  cuts: fc.array(fc.nat({ max: 90 }), { maxLength: 3 }),
  swap: fc.boolean(),
  again: fc.nat({ max: 8 }),
  lose: fc.nat({ max: 12 }),
  hello: fc.constantFrom(false, false, false, true),
});

/** Connections with HTTP in segments that are cut, swapped, lost and sent again, and now and then a ClientHello. */
export const httpTrace: fc.Arbitrary<readonly TlsSegment[]> = fc
  .record({
    turns: fc.array(turn, { minLength: 1, maxLength: 12 }),
    order: fc.array(fc.nat({ max: 2 }), { maxLength: 60 }),
  })
  .map(({ turns, order }) => {
    const next = new Map<string, number>();
    const flows: TlsSegment[][] = [[], [], []];
    for (const { client, back, what, cuts, swap, again, lose, hello } of turns) {
      const data = hello
        ? clientHello({ name: `n${what % 3}.tls.example`, padding: 60 })
        : Buffer.from(back ? answers[what % answers.length] : sent[what]);
      const key = `${client} ${back}`;
      const start = next.get(key) ?? 0xffff_ff00;
      next.set(key, start + data.length);
      const places = [...new Set([0, ...cuts.filter((cut) => cut > 0 && cut < data.length), data.length])].sort(
        (x, y) => x - y,
      );
      const parts = places.slice(1).map((end, i): TlsSegment => ({
        ...{ client, back, port: 80, seq: (start + places[i]) >>> 0, data: data.subarray(places[i], end) },
      }));
      const order = swap ? [...parts.slice(0, 1), ...parts.slice(1).reverse()] : parts;
      flows[client].push(...[...order, ...(again < order.length ? [order[again]] : [])].filter((_, i) => i !== lose));
    }
    const all: TlsSegment[] = [];
    for (const number of order) all.push(...flows[number].splice(0, 1));
    return [...all, ...flows.flat()];
  });
