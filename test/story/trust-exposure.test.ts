import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const open = '0.0.0.0:0';
const local = '127.0.0.1:0';

test.each<[string, string[], RegExp]>([
  [
    'lb',
    ['lb', '--tcp', open, '--grpc', local, '--admin', local],
    /--tcp 0\.0\.0\.0:0 .*--token .*--tls-ca with --tcp/,
  ],
  ['lb', ['lb', '--tcp', local, '--grpc', open, '--admin', local], /--grpc 0\.0\.0\.0:0 .*--token .*--insecure/],
  ['lb', ['lb', '--tcp', local, '--grpc', local, '--admin', open], /--admin 0\.0\.0\.0:0 .*--token .*--insecure/],
  ['master', ['master', '--grpc', open, '--admin', local], /--grpc 0\.0\.0\.0:0 .*--token .*--insecure/],
])('%s does not open a port to others without credentials: %j', async (_role, args, message) => {
  const { code, stderr } = await runTrireme(args);
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split('\n').length).toBe(1);
  expect(code).toBe(2);
});

test('certs makes an authority and a certificate for every role, once', async () => {
  const folder = join(scratch.path, 'certs');
  const first = await runTrireme(['certs', folder, '--hosts', '192.0.2.1,lb.example', '--days', '10']);
  expect([first.code, first.stderr]).toEqual([0, '']);
  const roles = ['ca', 'client', 'lb', 'master', 'operator', 'worker'];
  expect(readdirSync(folder).sort()).toEqual(roles.flatMap((role) => [`${role}.crt`, `${role}.key`]));
  const read = (role: string): X509Certificate => new X509Certificate(readFileSync(join(folder, `${role}.crt`)));
  const ca = read('ca');
  for (const role of roles) {
    const key = createPrivateKey(readFileSync(join(folder, `${role}.key`)));
    expect(read(role).checkPrivateKey(key)).toBe(true);
    expect(read(role).verify(ca.publicKey)).toBe(true);
    expect(read(role).ca).toBe(role === 'ca');
    expect(statSync(join(folder, `${role}.key`)).mode & 0o777).toBe(0o600);
  }
  for (const role of ['lb', 'master']) {
    expect(read(role).checkIP('192.0.2.1')).toBe('192.0.2.1');
    expect(read(role).checkHost('lb.example')).toBe('lb.example');
    expect(read(role).checkIP('127.0.0.1')).toBe('127.0.0.1');
  }
  const before = readFileSync(join(folder, 'ca.key'));
  const second = await runTrireme(['certs', folder]);
  expect(second.code).toBe(2);
  expect(second.stderr).toMatch(/ca\.crt exists and is not overwritten/);
  expect(readFileSync(join(folder, 'ca.key'))).toEqual(before);
});
