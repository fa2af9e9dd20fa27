import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { eventually } from '../support/capture-cluster.js';
import { NatsServer, skipWithoutNats } from '../support/nats-server.js';
import { RunningRole } from '../support/running-role.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const sample = join(projectRoot, 'captures', 'sample.pcap');
const anyPort = (...names: string[]): string[] => names.flatMap((name) => [`--${name}`, '127.0.0.1:0']);

skipWithoutNats('discovery')('discovery by NATS', () => {
  const scratch = scratchFolder();
  const roles: RunningRole[] = [];
  let nats: NatsServer;
  let folder: string;

  const start = (...args: string[]): RunningRole => {
    const role = RunningRole.start(args);
    roles.push(role);
    return role;
  };
  const startLb = (): RunningRole => start('lb', ...anyPort('tcp', 'grpc', 'admin'), '--announce', nats.url);
  const grpcOf = async (role: RunningRole): Promise<string> => (await role.line('listening')).grpc as string;
  const attachedTo = (worker: RunningRole, grpc: string): number =>
    worker.log.filter(({ msg, hub }) => msg === 'attached' && hub === grpc).length;

  beforeEach(async () => {
    folder = join(scratch.path, `js-${roles.length}`);
    nats = await NatsServer.start(folder);
  });
  afterEach(async () => {
    await Promise.all(roles.map((role) => role.end('SIGKILL')));
    await nats.stop();
  });

  test('a worker serves all that are there, then new ones, and leaves those that go', async () => {
    const first = startLb();
    const master = start('master', ...anyPort('grpc', 'admin'), '--captures', projectRoot, '--announce', nats.url);
    const worker = start('worker', '--slots', '1', '--captures', projectRoot, '--discover', nats.url);
    const [firstAt, masterAt] = await Promise.all([grpcOf(first), grpcOf(master)]);
    await eventually('both attachments', () => attachedTo(worker, firstAt) === 1 && attachedTo(worker, masterAt) === 1);

    const answers = await runTrireme(['client', '--discover', nats.url, '--jobs', '1,2,1']);
    expect(answers.code).toBe(0);
    expect(answers.stdout.trim().split('\n')).toHaveLength(3);
    const [there, here] = await Promise.all([
      runTrireme(['analyze', '--json', '-q', '--discover', nats.url, sample]),
      runTrireme(['analyze', '--json', '-q', sample]),
    ]);
    expect(there).toMatchObject({ code: 0, stdout: here.stdout });

    const second = startLb();
    const secondAt = await grpcOf(second);
    await eventually('the attachment to the new one', () => attachedTo(worker, secondAt) === 1);
    expect(await first.end('SIGTERM')).toBe(0);
    // One that dies without a word is dialled until its announcement has ended, and no longer.
    await second.end('SIGKILL');
    const lost = await worker.line('detached', ({ hub }) => hub === secondAt);
    expect(lost).toBeDefined();
    const answered = await runTrireme(['client', '--discover', nats.url, '--jobs', '1']);
    await eventually('the end of its announcement', async () => {
      const { stderr } = await runTrireme(['client', '--discover', nats.url, '--jobs', '1']);
      return /no lb is announced at nats:\/\/127/.test(stderr);
    });
    expect(answered.code).not.toBe(2);
    expect(worker.log.filter(({ msg, hub }) => msg === 'attached' && hub === firstAt)).toHaveLength(1);
    expect(await worker.end('SIGTERM')).toBe(0);
  });

  test('a NATS that goes and comes back, without what it stored, changes nothing for those who serve and finds new ones', async () => {
    const lb = startLb();
    const worker = start('worker', '--slots', '1', '--discover', nats.url);
    const at = await grpcOf(lb);
    await eventually('the attachment', () => attachedTo(worker, at) === 1);
    await nats.stop();
    await worker.line('the members cannot be read');
    const tcp = (await lb.line('listening')).tcp as string;
    expect(await runTrireme(['client', '--lb', tcp, '--jobs', '1'])).toMatchObject({ code: 0 });
    const unreachable = await runTrireme(['client', '--discover', nats.url, '--jobs', '1']);
    expect(unreachable.code).toBe(1);
    expect(unreachable.stderr).toMatch(/^trireme: nats:\/\/127\.0\.0\.1:\d+: cannot be reached/);
    rmSync(folder, { recursive: true });
    await nats.resume();
    const second = startLb();
    const secondAt = await grpcOf(second);
    await eventually('the attachment to a new one', () => attachedTo(worker, secondAt) === 1);
    expect(worker.log.filter(({ msg }) => msg === 'detached')).toEqual([]);
  });

  test('credentials that NATS refuses are one line that does not tell them', async () => {
    await nats.stop();
    nats = await NatsServer.start(join(scratch.path, 'with-token'), ['--auth', 'right']);
    const { code, stderr } = await runTrireme([
      ...['client', '--jobs', '1', '--discover', nats.url.replace('//', '//SECRET@')],
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^trireme: nats:\/\/127\.0\.0\.1:\d+: refuses the credentials: .*\n$/);
    expect(stderr).not.toMatch(/SECRET/);
    const right = await runTrireme(['client', '--jobs', '1', '--discover', nats.url.replace('//', '//right@')]);
    expect(right.stderr).toMatch(/no lb is announced/);
    const wrong = nats.url.replace('//', '//SECRET@');
    const worker = start('worker', '--slots', '1', '--discover', wrong);
    const lb = start('lb', ...anyPort('tcp', 'grpc', 'admin'), '--announce', wrong);
    const says = [
      await worker.line('the members cannot be read'),
      await lb.line('not announced; trying again for ever'),
    ];
    for (const { reason } of says) expect(reason).toMatch(/^nats:\/\/127\.0\.0\.1:\d+: refuses the credentials: /);
    expect([...worker.stderr, ...lb.stderr].join('\n')).not.toMatch(/SECRET/);
  });

  test('roles without NATS end when they are told to', async () => {
    await nats.stop();
    const roles = [start('worker', '--slots', '1', '--discover', nats.url), startLb()];
    await roles[0].line('the members cannot be read');
    await roles[1].line('not announced; trying again for ever');
    expect(await Promise.all(roles.map((role) => role.end('SIGTERM')))).toEqual([0, 0]);
  });
});

test.each([
  ['worker', ['--slots', '1']],
  ['client', ['--jobs', '1']],
  ['analyze', [sample]],
])('%s sends no token to whoever announced himself: it refuses without an authority to trust', async (role, args) => {
  const discover = [role, '--discover', 'nats://127.0.0.1:1', ...args];
  const refused = /^trireme: --discover and (--token|--token-file|TRIREME_TOKEN): .*add --tls-ca with the authority/;
  const shown = [
    { args: ['--token', 'SECRET'] },
    { args: ['--token-file', '/no/such'] },
    { args: [], env: { TRIREME_TOKEN: 'SECRET' } },
    // Of the system's authorities anyone has a certificate for a host of his own.
    { args: ['--token', 'SECRET', '--tls'] },
  ];
  for (const { args: its, env } of shown) {
    const { code, stderr } = await runTrireme([...discover, ...its], { env });
    expect([its, code, stderr]).toEqual([its, 2, expect.stringMatching(refused)]);
    expect(stderr).not.toMatch(/SECRET/);
  }
});

test('a worker without any hub, and a URL that is none, are wrong usage', async () => {
  const worker = await runTrireme(['worker']);
  expect(worker).toMatchObject({ code: 2, stderr: expect.stringMatching(/--host H:P.* or --discover nats:/) });
  const client = await runTrireme(['client', '--jobs', '1', '--discover', 'http://SECRET@x:4222']);
  expect(client).toMatchObject({ code: 2, stderr: expect.stringMatching(/is not nats:\/\/HOST:PORT/) });
});
