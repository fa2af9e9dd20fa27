import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { join } from 'node:path';
import { eventually } from '../support/capture-cluster.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';
import { TestCertificates } from '../support/test-certificates.js';

const scratch = scratchFolder();
const free = '127.0.0.1:0';
const sockets: Socket[] = [];
const roles: RunningRole[] = [];

async function startLb(...args: string[]): Promise<number> {
  const lb = RunningRole.start(['lb', '--tcp', free, '--grpc', free, '--admin', free, '--token', 'secret', ...args]);
  roles.push(lb);
  const { tcp } = (await lb.line('listening')) as { tcp: string };
  return Number(tcp.split(':')[1]);
}
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const role of roles.splice(0)) await role.end();
});

/** Holds connections that send these bytes and no more. @returns how many of them are open */
async function hold(port: number, count: number, bytes: string): Promise<() => number> {
  let open = 0;
  for (let i = 0; i < count; i++) {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined).resume();
    await once(socket, 'connect');
    open++;
    socket.on('close', () => open--);
    if (bytes !== '') socket.write(bytes);
  }
  return () => open;
}

/** The answer to a number that is no job, which needs no worker. */
async function answer(socket: Socket, first = ''): Promise<string> {
  sockets.push(socket);
  socket.write(`${first}77\n`);
  return String((await once(socket, 'data'))[0]);
}

test('connections that begin an AUTH line and do not end it keep nobody out', async () => {
  // 25 may be without a token.
  const port = await startLb('--connections-max', '100');
  const known = connect(port, '127.0.0.1');
  expect(await answer(known, 'AUTH secret\n')).toContain('unknown job 77');
  const open = await hold(port, 200, 'AUTH ');
  expect(await answer(connect(port, '127.0.0.1'), 'AUTH secret\n')).toContain('unknown job 77');
  await eventually('the oldest to be closed', () => open() <= 25);
  expect(await answer(known)).toContain('unknown job 77');
});

test('neither do handshakes of TLS that do not end', async () => {
  const certificates = await TestCertificates.make(join(scratch.path, 'certificates'));
  const tls = ['--tcp-tls', '--tls-cert', certificates.cert('server'), '--tls-key', certificates.key('server')];
  const port = await startLb('--connections-max', '40', ...tls);
  const open = await hold(port, 60, '');
  const dial = (): Socket => connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  expect(await answer(dial(), 'AUTH secret\n')).toContain('unknown job 77');
  await eventually('the oldest to be closed', () => open() <= 10);
});
