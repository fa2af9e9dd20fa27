import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { runTrireme, type Ran } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const folder = join(scratch.path, 'certs');
const free = '127.0.0.1:0';
const started: RunningRole[] = [];

const as = (name: string): string[] => [
  ...['--tls-cert', join(folder, `${name}.crt`), '--tls-key', join(folder, `${name}.key`)],
  ...['--tls-ca', join(folder, 'ca.crt')],
];
const start = (args: string[]): RunningRole => {
  const role = RunningRole.start(args);
  started.push(role);
  return role;
};

beforeAll(async () => {
  expect(await runTrireme(['certs', folder, '--hosts', 'localhost'])).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await Promise.all(started.map((role) => role.end('SIGKILL')));
});

/** What each certificate of `trireme certs` can do at a load balancer: be a worker, ask jobs, watch the workers. */
async function powers(lb: RunningRole, names: readonly string[]): Promise<Record<string, string>> {
  const { tcp, grpc } = (await lb.line('listening')) as { tcp: string; grpc: string };
  const keeper = start(['worker', '--host', grpc, '--slots', '1', ...as('worker')]);
  await keeper.line('attached');
  const told = ({ code, stderr }: Ran): string => (code === 0 ? 'yes' : /needs the role (\w+)/.exec(stderr)![1]);
  const found: Record<string, string> = {};
  for (const name of names) {
    const worker = start(['worker', '--host', grpc, '--slots', '1', ...as(name)]);
    const attached = worker.line('attached').then(() => 'yes');
    const refused = worker.line('cannot attach').then(({ reason }) => /needs the role (\w+)/.exec(String(reason))![1]);
    attached.catch(() => undefined);
    refused.catch(() => undefined);
    const attach = await Promise.race([attached, refused]);
    await worker.end();
    const jobs = await runTrireme(['client', '--lb', tcp, '--jobs', '1', ...as(name)]);
    const top = await runTrireme(['top', '--lb', grpc, '--once', '--interval', '250ms', ...as(name)]);
    found[name] = [attach, told(jobs), told(top)].join(' ');
  }
  return found;
}

const ports = ['lb', '--tcp', free, '--grpc', free, '--admin', free, '--tcp-tls'];

test('under mutual TLS the name of a certificate says what its holder may', async () => {
  expect(await powers(start([...ports, ...as('lb')]), ['worker', 'client', 'operator', 'lb'])).toEqual({
    worker: 'yes client operator',
    client: 'worker yes operator',
    operator: 'worker client yes',
    lb: 'worker client operator',
  });
});

test('a hub is known by the name of its certificate where it is dialled by another', async () => {
  const other = join(scratch.path, 'other');
  expect(await runTrireme(['certs', other, '--hosts', 'the-hub'])).toMatchObject({ code: 0 });
  const hub = ['--tls-cert', join(other, 'lb.crt'), '--tls-key', join(other, 'lb.key')];
  const lb = start([...ports, '--token', 't', ...hub]);
  const { tcp, grpc } = (await lb.line('listening')) as { tcp: string; grpc: string };
  const by = ['--token', 't', '--tls-ca', join(other, 'ca.crt'), '--tls-name'];
  await start(['worker', '--host', grpc, '--slots', '1', ...by, 'the-hub']).line('attached');
  expect(await runTrireme(['client', '--lb', tcp, '--jobs', '1', ...by, 'the-hub'])).toMatchObject({ code: 0 });
  const wrong = start(['worker', '--host', grpc, '--slots', '1', ...by, 'a-hub']);
  expect((await wrong.line('cannot attach')).reason).toMatch(/a-hub/);
  expect((await runTrireme(['client', '--lb', tcp, '--jobs', '1', ...by, 'a-hub'])).stderr).toMatch(/a-hub/);
});

test('a file of credentials gives other roles to the names of certificates, without any token', async () => {
  const file = scratch.file(
    'credentials',
    'worker rack certificate:trireme worker\nclient,operator ada certificate:trireme client\n',
  );
  chmodSync(file, 0o600);
  const lb = start([...ports, ...as('lb'), '--credentials', file]);
  expect(await powers(lb, ['client'])).toEqual({ client: 'worker yes yes' });
  const { tcp } = (await lb.line('listening')) as { tcp: string };
  const unlisted = await runTrireme(['client', '--lb', tcp, '--jobs', '1', ...as('operator')]);
  expect(unlisted.stderr).toMatch(/a valid token is needed here/);
  await lb.line('refused', (line) => line.reason === 'role' && line.credential === 'ada');
});
