import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { getAdmin, refusalsOf } from '../support/admin-client.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';
import { TestCertificates } from '../support/test-certificates.js';

const scratch = scratchFolder();
const token = 'a-token';
const sockets: Socket[] = [];
let certificates: TestCertificates;
let lb: RunningRole;
let ports: { tcp: string; grpc: string; admin: string };

beforeAll(async () => {
  certificates = await TestCertificates.make(scratch.path);
  const free = '127.0.0.1:0';
  const { cert, key } = { cert: certificates.cert('server'), key: certificates.key('server') };
  const trust = ['--tcp-tls', '--tls-cert', cert, '--tls-key', key, '--token', token];
  lb = RunningRole.start(['lb', '--tcp', free, '--grpc', free, '--admin', free, ...trust]);
  ports = (await lb.line('listening')) as unknown as typeof ports;
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await lb.end();
});

function dial(address: string, encrypted: boolean): Socket {
  const [host, port] = address.split(':');
  const at = { host, port: Number(port) };
  const socket = encrypted ? connectTls({ ...at, ca: readFileSync(certificates.cert('ca')) }) : connect(at);
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.resume();
  return socket;
}

/** Writes a byte now and then, so that the connection is never idle, and resolves when the other side has closed it. */
async function dripUntilClosed(socket: Socket, encrypted: boolean, first: string, drip: string): Promise<void> {
  await once(socket, encrypted ? 'secureConnect' : 'connect');
  socket.write(first);
  const timer = setInterval(() => socket.write(drip), 500);
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(timer);
}

test('a dialler that trickles its handshake, its token or its request is closed on every port, and others are served', async () => {
  const clientHello = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]).toString('latin1');
  await Promise.all([
    dripUntilClosed(dial(ports.tcp, false), false, clientHello, '\x00'),
    dripUntilClosed(dial(ports.grpc, false), false, clientHello, '\x00'),
    dripUntilClosed(dial(ports.tcp, true), true, 'AUTH a', 'a'),
    dripUntilClosed(dial(ports.admin, true), true, 'GET / HTTP/1.1\r\nhost: x\r\nx-slow: ', 'a'),
  ]);
  const counts = await refusalsOf(ports.admin, certificates, { name: 'client', token });
  expect([counts.get('tcp late'), counts.get('tcp tls'), counts.get('grpc tls')]).toEqual([1, 1, 1]);
  for (const reason of ['late', 'tls']) await lb.line('refused', (line) => line.reason === reason);
  expect((await getAdmin(ports.admin, '/healthz', certificates)).status).toBe(200);
});

test('a caller without the token learns the same as one with a wrong token, byte for byte', async () => {
  const said = async (first: string): Promise<string> => {
    const socket = dial(ports.tcp, true);
    let text = '';
    socket.on('data', (data: Buffer) => (text += data.toString()));
    await once(socket, 'secureConnect');
    socket.write(first);
    await new Promise((resolve) => socket.once('end', resolve));
    return text.trimEnd();
  };
  const wrong = await said('AUTH wrong\n');
  expect(wrong).toMatch(/UNAUTHENTICATED/);
  expect([await said('1\n'), await said('AUTH \n'), await said(`AUTH ${token}x\n`)]).toEqual([wrong, wrong, wrong]);
});
