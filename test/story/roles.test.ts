import * as grpc from '@grpc/grpc-js';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { methodAccess, namedMethods } from '../../src/common/trust/methods.js';
import { trustRoles } from '../../src/common/trust/roles.js';
import { projectRoot } from '../../src/common/version.js';
import { askPage } from '../support/page-caller.js';
import { runTrireme, type Ran } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const file = join(scratch.path, 'credentials');
const free = '127.0.0.1:0';
const tokens = { worker: 'w-secret', client: 'c-secret', operator: 'o-secret', other: 'e-secret' } as const;
const lines = [
  `worker rack-1 ${tokens.worker}`,
  `client ada ${tokens.client}`,
  `client eve ${tokens.other}`,
  `operator ops ${tokens.operator}`,
];
const sample = join(projectRoot, 'captures', 'sample.pcap');

let lb: RunningRole;
let master: RunningRole;
let worker: RunningRole;
let at: { lb: Record<'tcp' | 'grpc' | 'admin', string>; master: Record<'grpc' | 'admin', string> };

function writeCredentials(text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
  chmodSync(file, 0o600);
}

beforeAll(async () => {
  writeCredentials(`# who may do what\n${lines.join('\n')}\n`);
  const asked = ['--credentials', file];
  lb = RunningRole.start(['lb', '--tcp', free, '--grpc', free, '--admin', free, ...asked]);
  master = RunningRole.start([
    ...['master', '--grpc', free, '--admin', free, '--captures', join(projectRoot, 'captures'), ...asked],
    ...['--state', join(scratch.path, 'state')],
  ]);
  at = { lb: await lb.line('listening'), master: await master.line('listening') } as unknown as typeof at;
  const captures = ['--captures', join(projectRoot, 'captures'), '--slots', '1'];
  worker = RunningRole.start([
    'worker',
    '--host',
    `${at.lb.grpc},${at.master.grpc}`,
    ...captures,
    '--token',
    'w-secret',
  ]);
  await worker.line('attached', ({ hub }) => hub === at.lb.grpc);
  await worker.line('attached', ({ hub }) => hub === at.master.grpc);
});
afterAll(async () => {
  for (const role of [worker, master, lb]) await role.end();
});

/** A call without a body, as a stranger makes it: its status, and what was said of it. */
function call(target: string, path: string, token: string | null): Promise<{ code: grpc.status; details: string }> {
  const client = new grpc.Client(target, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  if (token !== null) metadata.set('authorization', `Bearer ${token}`);
  const bytes = (value: Buffer): Buffer => value;
  const options = { deadline: Date.now() + 1_000 };
  return new Promise<{ code: grpc.status; details: string }>((resolve) =>
    client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), metadata, options, (error) =>
      resolve({ code: error?.code ?? 0, details: error?.details ?? '' }),
    ),
  ).finally(() => client.close());
}

const hubOf = (path: string): string => (/Capture|ChunkSource/.test(path) ? at.master.grpc : at.lb.grpc);

test.each(namedMethods.filter((path) => path.startsWith('/trireme.')))(
  '%s answers the roles of the table, and nobody else',
  async (path) => {
    const may = methodAccess(path);
    const refused = await Promise.all(
      trustRoles.map(async (role) => (await call(hubOf(path), path, tokens[role])).details.startsWith('NOT_ALLOWED: ')),
    );
    expect(trustRoles.filter((_role, i) => !refused[i])).toEqual(trustRoles.filter((role) => may.includes(role)));
    for (const token of [null, 'wrong'])
      expect((await call(hubOf(path), path, token)).code).toBe(grpc.status.UNAUTHENTICATED);
  },
);

test('a refused role is told who it is and what was needed, is counted, and logged by name', async () => {
  const { code, details } = await call(at.lb.grpc, '/trireme.v1.JobService/RunJob', tokens.worker);
  expect(code).toBe(grpc.status.PERMISSION_DENIED);
  expect(details).toBe("NOT_ALLOWED: the credential 'rack-1' has the role worker here, and this needs the role client");
  await lb.line('refused', (line) => line.reason === 'role' && line.credential === 'rack-1');
  const headers = { authorization: `Bearer ${tokens.operator}` };
  const metrics = await (await fetch(`http://${at.lb.admin}/metrics`, { headers })).text();
  expect(metrics).toMatch(/trireme_refusals_total\{port="grpc",reason="role"\} [1-9]/);
});

test('health answers everybody, reflection whoever has a credential, and channelz an operator', async () => {
  const code = async (path: string, token: string | null): Promise<grpc.status> =>
    (await call(at.lb.grpc, path, token)).code;
  expect(await code('/grpc.health.v1.Health/Check', null)).toBe(grpc.status.OK);
  const reflection = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  expect(await code(reflection, null)).toBe(grpc.status.UNAUTHENTICATED);
  for (const role of trustRoles) {
    expect([16, 7]).not.toContain(await code(reflection, tokens[role]));
    const channelz = await code('/grpc.channelz.v1.Channelz/GetServers', tokens[role]);
    expect(channelz === grpc.status.PERMISSION_DENIED).toBe(role !== 'operator');
  }
});

/** What the TCP port answers to these bytes. */
function overTcp(bytes: string): Promise<string> {
  const socket = connect(Number(at.lb.tcp.split(':')[1]), '127.0.0.1');
  let heard = '';
  return new Promise((resolve, reject) => {
    socket.on('data', (data: Buffer) => (heard += data.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(heard));
    socket.end(bytes);
  });
}

test('the TCP port takes jobs of clients alone', async () => {
  expect(await overTcp(`AUTH ${tokens.client}\n1\n1\n`)).toMatch(/^\d{10}\n\d{10}\n$/);
  for (const role of ['worker', 'operator'] as const)
    expect(await overTcp(`AUTH ${tokens[role]}\n1,1\n`)).toMatch(
      /^ERROR NOT_ALLOWED: the credential .* needs the role client/,
    );
  expect(await overTcp('1,1\n')).toMatch(/^ERROR UNAUTHENTICATED/);
});

test('the admin ports show an operator all, and the others that they may not', async () => {
  for (const admin of [at.lb.admin, at.master.admin]) {
    for (const path of ['/', '/metrics', '/api/workers', '/api/live']) {
      const status = async (token: string): Promise<number> => {
        const basic = `Basic ${Buffer.from(`any:${token}`).toString('base64')}`;
        const { status, body } = await fetch(`http://${admin}${path}`, { headers: { authorization: basic } });
        await body?.cancel();
        return status;
      };
      expect(await Promise.all(trustRoles.map((role) => status(tokens[role])))).toEqual([403, 403, 200]);
      expect(await status('wrong')).toBe(401);
    }
  }
});

const ask = (command: string, token: string, args: string[] = []): Promise<Ran> =>
  runTrireme([command, '--master', at.master.grpc, '--token', token, ...args]);
const ids = async (token: string): Promise<string[]> => {
  const { stdout } = await ask('analyses', token, ['--json']);
  return (JSON.parse(stdout) as { analyses: { id: string }[] }).analyses.map(({ id }) => id);
};

test('an analysis is there for who submitted it and for an operator: another cannot see, end, follow or fetch it', async () => {
  const detached = await ask('analyze', tokens.client, ['--detach', '-q', sample]);
  const id = detached.stdout.trim();
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect([await ids(tokens.client), await ids(tokens.operator), await ids(tokens.other)]).toEqual([[id], [id], []]);
  const table = (await ask('analyses', tokens.operator)).stdout;
  expect(table).toMatch(/ OWNER +FILE/);
  expect(table).toMatch(/ ada +\S*sample\.pcap/);

  const unknown = await ask('cancel', tokens.other, ['0123456789abcdef']);
  expect(unknown.stderr).toMatch(/there is no analysis '0123456789abcdef'/);
  for (const args of [
    ['cancel', id],
    ['analyze', '--resume', id],
  ]) {
    const [command, ...rest] = args;
    const { code, stdout, stderr } = await ask(command, tokens.other, rest);
    expect([command, code, stdout]).toEqual([command, 2, '']);
    expect(stderr).toBe(unknown.stderr.replace('0123456789abcdef', id));
  }
  const message = Buffer.concat([Buffer.from([0x0a, id.length]), Buffer.from(id)]);
  const get = (token: string): Promise<grpc.status> => {
    const client = new grpc.Client(at.master.grpc, grpc.credentials.createInsecure());
    const metadata = new grpc.Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const bytes = (value: Buffer): Buffer => value;
    const path = '/trireme.v1.CaptureService/GetAnalysis';
    return new Promise<grpc.status>((resolve) =>
      client.makeUnaryRequest(path, bytes, bytes, message, metadata, (error) => resolve(error?.code ?? 0)),
    ).finally(() => client.close());
  };
  expect(await Promise.all([tokens.client, tokens.operator, tokens.other].map(get))).toEqual([
    0,
    0,
    grpc.status.NOT_FOUND,
  ]);

  const mine = await ask('analyze', tokens.client, ['--json', '-q', '--resume', id]);
  const operators = await ask('analyze', tokens.operator, ['--json', '-q', '--resume', id]);
  expect([mine.code, operators.stdout]).toEqual([0, mine.stdout]);
  expect((await ask('cancel', tokens.operator, [id])).stderr).toMatch(/had ended before: done/);
  await master.line('analysis submitted', (line) => line.id === id && line.credential === 'ada');

  // The owner stands in the record: it outlives the master.
  await master.end();
  master = RunningRole.start([
    ...['master', '--grpc', at.master.grpc, '--admin', free, '--captures', join(projectRoot, 'captures')],
    ...['--credentials', file, '--state', join(scratch.path, 'state')],
  ]);
  at.master = (await master.line('listening')) as unknown as typeof at.master;
  expect([await ids(tokens.client), await ids(tokens.operator), await ids(tokens.other)]).toEqual([[id], [id], []]);
});

test('a file that is read again on SIGHUP takes effect, and a broken one does not', async () => {
  writeCredentials(`${lines.join('\n')}\nclient new n-secret\n`);
  lb.child.kill('SIGHUP');
  await lb.line('credentials reloaded');
  expect(await overTcp('AUTH n-secret\n1\n1\n')).toMatch(/^\d{10}\n\d{10}\n$/);
  writeCredentials('client new\n');
  lb.child.kill('SIGHUP');
  const { error } = await lb.line('credentials not reloaded, the old ones stay');
  expect(error).toBe(`--credentials ${file} line 1: a line is ROLE[,ROLE] NAME SECRET`);
  expect(await overTcp('AUTH n-secret\n1\n1\n')).toMatch(/^\d{10}\n\d{10}\n$/);
});

test('names of credentials stand in the logs, tokens never', () => {
  const all = [lb, master, worker].flatMap(({ stderr }) => stderr).join('\n');
  expect(all).toContain('as rack-1');
  expect(all).toContain('"ada"');
  expect(all).not.toMatch(/[wcoen]-secret/);
});

test('a role does not start with a file that others may read', async () => {
  const open = scratch.file('open', 'client ada t-secret\n');
  chmodSync(open, 0o644);
  const { code, stderr } = await runTrireme([
    'lb',
    '--tcp',
    free,
    '--grpc',
    free,
    '--admin',
    free,
    '--credentials',
    open,
  ]);
  expect([code, stderr]).toEqual([2, `trireme: --credentials ${open}: others may use it (mode 0644): chmod 600 it\n`]);
});

test('the page of a master takes captures of an operator alone, whose they are then', async () => {
  const headers = (token: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`any:${token}`).toString('base64')}`,
  });
  for (const path of ['/api/captures?name=a.pcap', '/api/analyses', '/api/analyses/0123456789abcdef/cancel']) {
    const status = async (token: string): Promise<number> =>
      (await askPage(at.master.admin, path, Buffer.from('x'), headers(token))).status;
    expect([await status(tokens.worker), await status(tokens.client), await status('wrong')]).toEqual([403, 403, 401]);
  }
  const { status, body } = await askPage(
    at.master.admin,
    '/api/analyses',
    { path: 'sample.pcap' },
    headers(tokens.operator),
  );
  expect([status, body.analysis?.owner]).toEqual([201, 'ops']);
});
