import { connect } from 'node:net';
import { once } from 'node:events';
import { Counter, Gauge, Registry } from 'prom-client';
import { eventListenersMax, EventStream } from '../../../src/common/event-stream.js';
import { startAdminServer, type RunningAdminServer } from '../../../src/common/admin-server.js';

let server: RunningAdminServer;
let reason: string | undefined;
let events: EventStream;
let made: number;

beforeEach(async () => {
  const registry = new Registry();
  new Gauge({ name: 'answer', help: 'to everything', registers: [registry] }).set(42);
  new Counter({ name: 'asked_total', help: 'so often', registers: [registry] }).inc(7);
  reason = undefined;
  made = 0;
  events = new EventStream(() => JSON.stringify({ made: ++made }), 50);
  server = await startAdminServer({
    listen: { host: '127.0.0.1', port: 0 },
    role: 'test',
    registry,
    notReady: () => reason,
    api: { workers: () => ({ memoryBytes: 2n ** 60n }) },
    events,
  });
});

afterEach(async () => {
  events.close();
  await server.close();
});

const get = (path: string, method = 'GET'): Promise<Response> =>
  fetch(`http://127.0.0.1:${server.address.port}${path}`, { method });

describe('admin server', () => {
  test('shows the metrics, the API as JSON with whole numbers of any size, and a page', async () => {
    expect(await (await get('/metrics')).text()).toContain('answer 42');
    expect(await (await get('/api/workers?x=1')).json()).toEqual({ memoryBytes: '1152921504606846976' });
    expect(await (await get('/')).text()).toContain('<title>trireme test</title>');
    expect((await get('/healthz')).status).toBe(200);
  });

  test('shows the metrics as OpenMetrics to who prefers that, and the classic text stays as it is', async () => {
    const scrape = async (accept: string): Promise<[string | null, string]> => {
      const answer = await fetch(`http://127.0.0.1:${server.address.port}/metrics`, { headers: { accept } });
      return [answer.headers.get('content-type'), await answer.text()];
    };
    const classic = await scrape('*/*');
    expect(classic[1]).toContain('# TYPE asked_total counter\nasked_total 7\n');
    const open = 'application/openmetrics-text';
    const text = `# HELP answer to everything
# TYPE answer gauge
answer 42
# HELP asked so often
# TYPE asked counter
asked_total 7
`;
    const type = `${open}; version=1.0.0; charset=utf-8`;
    // As Prometheus 2.42 and 3 ask, and as one does that cannot read version 0.0.1 alone.
    for (const accept of [
      `${open};version=1.0.0,${open};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
      `${open};version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
      open.toUpperCase(),
    ]) {
      const [told, metrics] = await scrape(accept);
      expect([accept, told, metrics.startsWith(text), metrics.endsWith('\n# EOF\n')]).toEqual([
        accept,
        type,
        true,
        true,
      ]);
    }
    for (const accept of [`text/plain, ${open};q=0.9`, `${open};q=0`, `${open};version=0.0.1`, '', 'text/html'])
      expect([accept, await scrape(accept)]).toEqual([accept, classic]);
  });

  test('the page and its files are its own, may load nothing from elsewhere, and are not sent twice', async () => {
    const page = await get('/');
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';/,
    );
    const html = await page.text();
    expect(html).not.toMatch(/\sstyle=|<style|<script(?! src)|https?:/);
    const paths = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path);
    expect(new Set(paths).size).toBe(3);
    for (const path of paths) {
      const file = await get(path);
      expect(file.status).toBe(200);
      const again = await fetch(file.url, { headers: { 'if-none-match': file.headers.get('etag') ?? '' } });
      expect([again.status, await again.text()]).toEqual([304, '']);
    }
  });

  test('every listener is sent the same event, made once in an interval; /api/live is the same document', async () => {
    const streams = await Promise.all(Array.from({ length: 20 }, () => get('/api/events')));
    const readers = streams.map((stream) => (stream.body as ReadableStream<Uint8Array>).getReader());
    // All listen by now, so all are sent the event after the next.
    const common = `data: {"made":${made + 2}}\n\n`;
    await Promise.all(
      readers.map(async (reader) => {
        for (let text = ''; !text.includes(common);) text += Buffer.from((await reader.read()).value ?? []).toString();
      }),
    );
    expect(streams[0].headers.get('content-type')).toBe('text/event-stream');
    await Promise.all(readers.map((reader) => reader.cancel()));
    while (events.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const before = made;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(made).toBe(before);
    expect(await (await get('/api/live')).json()).toEqual({ made: before + 1 });
  });

  test('one listener too many is refused and told what to ask instead; the others stay', async () => {
    const streams = await Promise.all(Array.from({ length: eventListenersMax }, () => get('/api/events')));
    const refused = await get('/api/events');
    expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining('/api/live')]);
    expect(events.size).toBe(eventListenersMax);
    await Promise.all(streams.map((stream) => stream.body?.cancel()));
  });

  test('a listener that does not read is dropped, and the others are not held up', async () => {
    events.close();
    const large = new EventStream(() => JSON.stringify('x'.repeat(400_000)), 5);
    await server.close();
    server = await startAdminServer({
      listen: { host: '127.0.0.1', port: 0 },
      role: 'test',
      registry: new Registry(),
      notReady: () => undefined,
      api: {},
      events: large,
    });
    const deaf = connect(server.address.port, '127.0.0.1');
    deaf.on('error', () => undefined);
    deaf.pause();
    deaf.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const reader = ((await get('/api/events')).body as ReadableStream<Uint8Array>).getReader();
    while (large.dropped === 0) await reader.read();
    expect(large.size).toBe(1);
    await reader.cancel();
    deaf.destroy();
    large.close();
  });

  test('is ready or says why not', async () => {
    expect((await get('/readyz')).status).toBe(200);
    reason = 'no worker is attached';
    const response = await get('/readyz');
    expect([response.status, await response.text()]).toEqual([503, 'no worker is attached\n']);
  });

  test('refuses what it does not have, and everything that is not reading', async () => {
    expect((await get('/api/constructor')).status).toBe(404);
    expect((await get('/nothing')).status).toBe(404);
    expect((await get('/metrics', 'POST')).status).toBe(405);
  });

  test('a request whose body comes slowly is answered, and its connection ends soon', async () => {
    const socket = connect(server.address.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx');
    const drip = setInterval(() => socket.write('x'), 100);
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('200 OK');
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drip);
  });

  test('a request with too long a header is refused', async () => {
    const socket = connect(server.address.port, '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`);
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('431');
    socket.destroy();
  });

  test('a port that is taken is named', async () => {
    await expect(
      startAdminServer({
        listen: server.address,
        role: 'test',
        registry: new Registry(),
        notReady: () => undefined,
        api: {},
      }),
    ).rejects.toThrow(`cannot listen on 127.0.0.1:${server.address.port}`);
  });
});
