import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pino } from 'pino';
import { Credentials, credentialsBytesMax } from '../../../../src/common/trust/credentials.js';
import { readCredentials } from '../../../../src/common/trust/credentials-file.js';
import { ListenerTrust } from '../../../../src/common/trust/listener-trust.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();
const hash = (token: string): string => `sha256:${createHash('sha256').update(token).digest('hex')}`;
const parse = (text: string): Credentials => Credentials.parse(text, '--credentials f');

describe('a file of credentials', () => {
  test('names who may do what, by token, by hash and by certificate', () => {
    const found = parse(
      [
        '# who may do what',
        '',
        'worker rack-1 first-token',
        `client,operator  ada\t${hash('second-token').toUpperCase().replace('SHA256', 'sha256')}\r`,
        '  client ada third-token  ',
        'client bob certificate',
        'operator ops certificate:The Operators of Rack 1',
      ].join('\n'),
    );
    expect(found.size).toBe(5);
    expect(found.ofToken('first-token')).toEqual({ name: 'rack-1', roles: ['worker'], owner: 'rack-1' });
    expect(found.ofToken('second-token')).toEqual({ name: 'ada', roles: ['client', 'operator'], owner: 'ada' });
    expect(found.ofToken('third-token')).toEqual({ name: 'ada', roles: ['client'], owner: 'ada' });
    expect(found.ofCertificate('bob')?.name).toBe('bob');
    expect(found.ofCertificate('The Operators of Rack 1')?.roles).toEqual(['operator']);
    for (const none of ['', 'first-toke', 'first-token ', 'certificate', hash('second-token')])
      expect(found.ofToken(none)).toBeNull();
    for (const none of ['', 'rack-1', 'ada', 'Bob']) expect(found.ofCertificate(none)).toBeNull();
  });

  test.each([
    ['client ada', /line 2: a line is ROLE/],
    ['client ada the HIDDEN', /line 2: a line is ROLE/],
    ['HIDDEN client ada', /line 2: its first word is no list of worker, client, operator/],
    ['client,HIDDEN ada HIDDEN', /line 2: its first word is no list/],
    ['client, ada HIDDEN', /line 2: its first word is no list/],
    ['client a/da HIDDEN', /line 2: a name is 1 to 64/],
    [`client ${'a'.repeat(65)} HIDDEN`, /line 2: a name is 1 to 64/],
    ['client ada sha256:HIDDEN', /line 2: sha256: wants the 64 hex digits/],
    [`client ada ${'HIDDEN'.repeat(100)}`, /line 2: a token is 1 to 512 printable/],
    ['client ada HÏDDEN', /line 2: a token is 1 to 512 printable/],
    ['client bob used', /line 2: its secret stands on an earlier line, for 'eve'/],
    [`client bob ${hash('used')}`, /line 2: its secret stands on an earlier line, for 'eve'/],
  ])('with the line %j is refused by its number, and no secret is repeated', (line, message) => {
    expect(() => parse(`client eve used\n${line}`)).toThrow(message);
    expect(() => parse(`client eve used\n${line}`)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(() => parse(`client eve used\n${line}`)).not.toThrow(/HIDDEN|used$/);
  });

  test('without a credential is refused: nobody could do anything', () => {
    expect(() => parse('# none yet\n\n')).toThrow(/^--credentials f: holds no credential$/);
  });

  const written = (name: string, text: string, mode: number): string => {
    const path = scratch.file(name, text);
    chmodSync(path, mode);
    return path;
  };

  test('is read when only its owner may use it', () => {
    for (const mode of [0o600, 0o400]) {
      expect(readCredentials(written(`own-${mode}`, 'client ada t', mode)).ofToken('t')?.name).toBe('ada');
    }
  });

  test.each([0o640, 0o604, 0o620, 0o660, 0o644, 0o666])('is refused with the mode %i, which others may use', (mode) => {
    const path = written('open', 'client ada t', mode);
    expect(statSync(path).mode & 0o777).toBe(mode);
    expect(() => readCredentials(path)).toThrow(/open: others may use it \(mode 0\d\d\d\): chmod 600 it/);
  });

  test('is refused beyond its bound, and where it is no file', () => {
    const line = `client ada ${'t'.repeat(100)}`;
    const large = written('large', line.padEnd(credentialsBytesMax + 1, '\n'), 0o600);
    expect(() => readCredentials(large)).toThrow(/1048577 bytes are over 1048576 \(credentialsBytesMax\)/);
    expect(readCredentials(written('most', line.padEnd(credentialsBytesMax, '\n'), 0o600)).size).toBe(1);
    mkdirSync(join(scratch.path, 'folder'), { mode: 0o700 });
    expect(() => readCredentials(join(scratch.path, 'folder'))).toThrow(/not a regular file/);
    expect(() => readCredentials(join(scratch.path, 'none'))).toThrow(/--credentials .*none: ENOENT/);
    execFileSync('mkfifo', ['-m', '600', join(scratch.path, 'fifo')]);
    expect(() => readCredentials(join(scratch.path, 'fifo'))).toThrow(/fifo: not a regular file/);
  });

  test('with certificates alone is refused where none is asked for', () => {
    const certificates = written('certificates', 'worker forge certificate\n', 0o600);
    const settings = { token: null, credentials: certificates, tls: null };
    expect(() => new ListenerTrust(settings, pino({ level: 'silent' }))).toThrow(
      `--credentials ${certificates}: holds certificates alone, which only --tls-ca asks for: add it, or a token`,
    );
    const both = written('both', 'worker forge certificate\nclient ada t\n', 0o600);
    const trust = new ListenerTrust({ ...settings, credentials: both }, pino({ level: 'silent' }));
    expect(trust.identify('t', null)).toMatchObject({ name: 'ada' });
    writeFileSync(both, 'worker forge certificate\n');
    expect(() => trust.reload()).toThrow(/holds certificates alone/);
    expect(trust.identify('t', null)).toMatchObject({ name: 'ada' });
  });
});
