import { connect } from 'node:net';
import { once } from 'node:events';
import { Gauge, Registry } from 'prom-client';
import { startAdminServer, type RunningAdminServer } from '../../../src/common/admin-server.js';

let server: RunningAdminServer;
let reason: string | undefined;

beforeEach(async () => {
  const registry = new Registry();
  new Gauge({ name: 'answer', help: 'to everything', registers: [registry] }).set(42);
  reason = undefined;
  server = await startAdminServer({
    listen: { host: '127.0.0.1', port: 0 },
    role: 'test',
    registry,
    notReady: () => reason,
    api: { workers: () => ({ memoryBytes: 2n ** 60n }) },
  });
});

afterEach(() => server.close());

const get = (path: string, method = 'GET'): Promise<Response> =>
  fetch(`http://127.0.0.1:${server.address.port}${path}`, { method });

describe('admin server', () => {
  test('shows the metrics, the API as JSON with whole numbers of any size, and a page', async () => {
    expect(await (await get('/metrics')).text()).toContain('answer 42');
    expect(await (await get('/api/workers?x=1')).json()).toEqual({ memoryBytes: '1152921504606846976' });
    expect(await (await get('/')).text()).toContain('<title>trireme test</title>');
    expect((await get('/healthz')).status).toBe(200);
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

  test('a request with too long a header is refused', async () => {
    const socket = connect(server.address.port, '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`);
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
