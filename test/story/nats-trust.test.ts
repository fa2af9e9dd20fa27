import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { nkeyIdentity, Operator } from '../support/nats-identities.js';
import { NatsServer, skipWithoutNats } from '../support/nats-server.js';
import { RunningRole } from '../support/running-role.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { TestCertificates } from '../support/test-certificates.js';

/** What a master is told: a URL, in which H:P stands for the server, and variables. */
interface Shown {
  readonly url: string;
  readonly env?: NodeJS.ProcessEnv;
}

interface Guard {
  /** Arguments of nats-server. */
  readonly server: readonly string[];
  readonly right: Readonly<Record<string, Shown>>;
  /** What is refused, and what its one line must say. */
  readonly wrong: Readonly<Record<string, Shown & { readonly says: RegExp }>>;
}

const plain = { url: 'nats://H:P' };
const refused = /refuses the credentials: .*Authorization Violation/i;

let nats: NatsServer | undefined;
// Before the folder goes: hooks run in this order.
afterEach(() => nats?.stop());
const scratch = scratchFolder();
const { path: folder } = scratch;

const masterArgs = ['master', '--grpc', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--captures', projectRoot];

async function certificates(): Promise<TestCertificates> {
  return TestCertificates.make(join(folder, 'certificates'));
}

const serverTls = (made: TestCertificates): string[] => [
  ...['--tls', '--tlscert', made.cert('server'), '--tlskey', made.key('server')],
];

const guards: Readonly<Record<string, () => Guard | Promise<Guard>>> = {
  'user and password': () => ({
    server: ['--user', 'ada', '--pass', 'p@ss'],
    right: {
      'both in the URL': { url: 'nats://ada:p%40ss@H:P' },
      'both in variables': { ...plain, env: { NATS_USER: 'ada', NATS_PASSWORD: 'p@ss' } },
    },
    wrong: {
      'another password': { url: 'nats://ada:SECRET@H:P', says: refused },
      'another user': { url: 'nats://SECRET:p%40ss@H:P', says: refused },
      'a token': { url: 'nats://SECRET@H:P', says: refused },
      nothing: { ...plain, says: refused },
    },
  }),
  'a token': () => ({
    server: ['--auth', 't0ken'],
    right: {
      'it in the URL': { url: 'nats://t0ken@H:P' },
      'it in a variable': { ...plain, env: { NATS_TOKEN: 't0ken' } },
    },
    wrong: { 'another one': { url: 'nats://SECRET@H:P', says: refused }, nothing: { ...plain, says: refused } },
  }),
  'an nkey': () => {
    const known = nkeyIdentity(folder, 'known');
    const unknown = nkeyIdentity(folder, 'unknown');
    const configuration = scratch.file('nkey.conf', `authorization: { users: [ { nkey: ${known.publicKey} } ] }\n`);
    const broken = scratch.file('broken.nk', 'SUAnonsense\n');
    return {
      server: ['-c', configuration],
      right: { 'the seed in a file': { ...plain, env: { NATS_NKEY: known.seedFile } } },
      wrong: {
        'another seed': { ...plain, env: { NATS_NKEY: unknown.seedFile }, says: refused },
        nothing: { ...plain, says: refused },
        'a file that holds no seed': {
          ...plain,
          env: { NATS_NKEY: broken },
          says: /NATS_NKEY=\S+broken.nk: holds no seed/,
        },
        'no such file': { ...plain, env: { NATS_NKEY: '/no/such' }, says: /NATS_NKEY=\/no\/such: ENOENT/ },
      },
    };
  },
  'a file of credentials': () => {
    const operator = new Operator();
    const broken = scratch.file('broken.creds', 'nonsense\n');
    return {
      server: ['-c', scratch.file('operator.conf', operator.configuration)],
      right: { 'one of the operator': { ...plain, env: { NATS_CREDS: operator.credentials(folder, 'known') } } },
      wrong: {
        'one of another operator': {
          ...{ ...plain, env: { NATS_CREDS: new Operator().credentials(folder, 'foreign') }, says: refused },
        },
        'one that has expired': {
          ...{ ...plain, env: { NATS_CREDS: operator.credentials(folder, 'expired', -60) }, says: refused },
        },
        'a file that holds none': {
          ...plain,
          env: { NATS_CREDS: broken },
          says: /NATS_CREDS=\S+broken.creds: holds no credentials/,
        },
        nothing: { ...plain, says: refused },
      },
    };
  },
  TLS: async () => {
    const made = await certificates();
    return {
      server: serverTls(made),
      right: {
        'its authority in a file': { url: 'tls://H:P', env: { NATS_CA: made.cert('ca') } },
        'a server that asks for it': { ...plain, env: { NATS_CA: made.cert('ca') } },
      },
      wrong: {
        'another authority': { url: 'tls://H:P', env: { NATS_CA: made.cert('other-ca') }, says: /certificate/ },
        'no authority': { url: 'tls://H:P', says: /certificate.*NATS_CA/ },
        'a server that asks for it and no authority': { ...plain, says: /certificate.*NATS_CA/ },
        'an authority that is none': {
          ...{ url: 'tls://H:P', env: { NATS_CA: scratch.file('no.crt', 'nonsense') }, says: /NATS_CA=\S+no.crt/ },
        },
      },
    };
  },
  'TLS with certificates of both': async () => {
    const made = await certificates();
    const ca = { NATS_CA: made.cert('ca') };
    const pair = (name: string): NodeJS.ProcessEnv => ({ ...ca, NATS_CERT: made.cert(name), NATS_KEY: made.key(name) });
    return {
      server: [...serverTls(made), '--tlsverify', '--tlscacert', made.cert('ca')],
      right: { 'one of the same authority': { url: 'tls://H:P', env: pair('client') } },
      wrong: {
        'one of another authority': {
          url: 'tls://H:P',
          env: pair('foreign'),
          says: /does not take our certificate.*NATS_CERT/,
        },
        none: { url: 'tls://H:P', env: ca, says: /asks for a certificate.*NATS_CERT/ },
        'a certificate without its key': {
          ...{ url: 'tls://H:P', env: { ...ca, NATS_CERT: made.cert('client') }, says: /NATS_CERT.*NATS_KEY/ },
        },
      },
    };
  },
  'no TLS': () => ({
    server: [],
    right: { nothing: plain },
    wrong: { 'a URL that asks for it': { url: 'tls://H:P', says: /server does not|TLS/ } },
  }),
};

skipWithoutNats('credentials and TLS of NATS')('a ledger at NATS behind', () => {
  test.each(Object.keys(guards))('%s is opened by what is right, and refused in one line otherwise', async (name) => {
    const { server, right, wrong } = await guards[name]();
    nats = await NatsServer.start(join(folder, `js-${name.replaceAll(' ', '-')}`), server);
    const at = nats.url.replace('nats://', '');
    for (const [what, { url, env = {} }] of Object.entries(right)) {
      const role = RunningRole.start(
        [...masterArgs, '--state', url.replace('H:P', at)],
        ['env', ...Object.entries(env).map(([key, value]) => `${key}=${value}`)],
      );
      try {
        const { grpc } = await role.line('listening');
        const listed = await runTrireme(['analyses', '--json', '--master', grpc as string]);
        expect([what, listed.code, listed.stderr]).toEqual([what, 0, '']);
        expect(role.stderr.join('\n')).not.toMatch(/p@ss|p%40ss|t0ken/);
      } finally {
        await role.end('SIGKILL');
      }
    }
    for (const [what, { url, env, says }] of Object.entries(wrong)) {
      const { code, stderr } = await runTrireme([...masterArgs, '--state', url.replace('H:P', at)], { env });
      expect([what, code === 1 || code === 2, stderr.trim().split('\n')]).toEqual([what, true, [expect.any(String)]]);
      expect(`${what}: ${stderr}`).toMatch(says);
      expect(`${what}: ${stderr}`).toMatch(/: trireme: /);
      expect(stderr).not.toMatch(/SECRET/);
    }
  });
});

test.each([
  ['worker', '--discover'],
  ['master', '--state'],
  ['lb', '--announce'],
])('a URL that is none is wrong usage in one line, without its password: %s %s', async (role, option) => {
  const { code, stderr } = await runTrireme([role, option, 'nats://user:secret@127.0.0.1:99999']);
  expect([code, stderr.trim().split('\n')]).toEqual([
    2,
    [expect.stringMatching(/'nats:\/\/127\.0\.0\.1:99999' is not nats:\/\/HOST:PORT/)],
  ]);
  expect(stderr).not.toContain('secret');
});
