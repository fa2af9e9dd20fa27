import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Gauge, Registry } from 'prom-client';
import { adminConnections, startAdminServer, type RunningAdminServer } from '../../../src/common/admin-server.js';
import { namesLoopback } from '../../../src/common/exposure.js';

const { idleConnectionsMax, requestsMax } = adminConnections;
let server: RunningAdminServer;
const registry = new Registry();
const sockets: Socket[] = [];
const held: (() => void)[] = [];

beforeAll(async () => {
  // Takes until the end of the test to be read.
  const collect = (): Promise<void> => new Promise((resolve) => held.push(resolve));
  new Gauge({ name: 'slow', help: 'to measure', registers: [registry], collect });
  server = await startAdminServer({
    listen: { host: '127.0.0.1', port: 0 },
    role: 'test',
    registry,
    notReady: () => undefined,
    api: {},
  });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => {
  for (const release of held) release();
  return server.close();
});

async function dial(): Promise<Socket> {
  const socket = connect(server.address.port, '127.0.0.1');
  socket.on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** Status of a request over a connection of its own. */
async function get(path: string, host = 'localhost'): Promise<number | undefined> {
  const asked = request({ port: server.address.port, host: '127.0.0.1', path, agent: false, headers: { host } });
  asked.end();
  const [response] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  return response.statusCode;
}

const dropped = async (state: string): Promise<number> => {
  const { values } = (await registry.getSingleMetric('trireme_admin_dropped_total')?.get()) ?? { values: [] };
  return values.find(({ labels }) => labels.state === state)?.value ?? 0;
};

test('a thousand idle connections keep neither probes nor their descriptors', async () => {
  const closed: Promise<unknown>[] = [];
  for (let i = 0; i < 1_000; i++) {
    const socket = await dial();
    if (i < 1_000 - idleConnectionsMax) closed.push(new Promise((resolve) => socket.once('close', resolve).resume()));
  }
  expect([await get('/healthz'), await get('/readyz'), await get('/api/none')]).toEqual([200, 200, 404]);
  await Promise.all(closed);
  expect(await dropped('idle')).toBeGreaterThanOrEqual(1_000 - idleConnectionsMax);
});

test('requests whose answers take long keep nobody out', async () => {
  for (let i = 0; i < requestsMax + 20; i++) (await dial()).write('GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n');
  while (held.length < requestsMax + 20) await new Promise((resolve) => setTimeout(resolve, 5));
  expect([await get('/healthz'), await get('/readyz')]).toEqual([200, 200]);
  expect(await dropped('request')).toBeGreaterThanOrEqual(20);
});

test('a connection is idle again after its answer, and is used again', async () => {
  const socket = await dial();
  for (let i = 0; i < 3; i++) {
    socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
    expect(String((await once(socket, 'data'))[0])).toContain('200 OK');
  }
});

test('a page under another name that resolves to this machine is refused, on every path', async () => {
  for (const path of ['/', '/healthz', '/metrics', '/api/live'])
    expect([path, await get(path, 'rebind.example:9100')]).toEqual([path, 403]);
  for (const host of ['localhost:1', '127.0.0.1', '[::1]:9100', 'LOCALHOST.', 'lb.localhost'])
    expect([host, await get('/healthz', host)]).toEqual([host, 200]);
});

test('names of this machine alone pass for it', () => {
  for (const host of ['127.8.9.1:80', '::1', 'localhost.example', '127.0.0.1.example', '', ':80', 'localhost@example'])
    expect([host, namesLoopback(host)]).toEqual([host, host.startsWith('127.8')]);
});

test('a port with other listeners than loopback takes any name: its operator gave it one', async () => {
  const open = await startAdminServer({
    listen: { host: '0.0.0.0', port: 0 },
    role: 'test',
    registry: new Registry(),
    notReady: () => undefined,
    api: {},
  });
  const asked = request({ port: open.address.port, host: '127.0.0.1', path: '/healthz', headers: { host: 'lb.lab' } });
  asked.end();
  const [response] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
  expect(response.statusCode).toBe(200);
  response.resume();
  await open.close();
});
