import { chmodSync } from 'node:fs';
import { pino } from 'pino';
import { ListenerTrust } from '../../../../src/common/trust/listener-trust.js';
import { methodAccess, namedMethods } from '../../../../src/common/trust/methods.js';
import { everyone, nobody, rolesOfCertificate, trustRoles, whyNotAllowed } from '../../../../src/common/trust/roles.js';
import { noTrust, type TrustSettings } from '../../../../src/common/trust/options.js';
import { CaptureServiceService, ChunkSourceService } from '../../../../src/gen/trireme/v1/capture.js';
import { JobServiceService } from '../../../../src/gen/trireme/v1/job.js';
import { ClusterServiceService, WorkerHubService } from '../../../../src/gen/trireme/v1/worker.js';
import { scratchFolder } from '../../../support/scratch.js';
import { TestCertificates } from '../../../support/test-certificates.js';

const scratch = scratchFolder();
const silent = pino({ level: 'silent' });
const token = { from: 'text', text: 'shared' } as const;
let tls: TrustSettings['tls'];
let credentials: string;
beforeAll(async () => {
  const made = await TestCertificates.make(scratch.path);
  tls = { cert: made.cert('server'), key: made.key('server'), ca: made.cert('ca') };
  credentials = scratch.file(
    'credentials',
    'worker rack-1 w\nclient ada a\nclient ada certificate\noperator ops o\nclient,operator both b\n',
  );
  chmodSync(credentials, 0o600);
});

const trust = (settings: Partial<TrustSettings>): ListenerTrust =>
  new ListenerTrust({ ...noTrust, ...settings }, silent);

describe('who a caller is', () => {
  test('anyone, with every role, where nothing is asked', () => {
    expect(trust({}).asks).toBe(false);
    expect(trust({}).identify(null, null)).toBe(everyone);
  });

  test('one token gives every role, and its holders own nothing alone', () => {
    const one = trust({ token });
    expect(one.identify('shared', null)).toEqual({ name: 'token', roles: trustRoles, owner: '' });
    expect([one.identify(null, null), one.identify('share', null)]).toEqual(['no-token', 'wrong-token']);
    // A name of a certificate that nobody has verified says nothing.
    expect(one.identify(null, 'ada')).toBe('no-token');
  });

  test('each credential of a file has its own name and roles', () => {
    const file = trust({ credentials });
    expect(file.identify('w', null)).toEqual({ name: 'rack-1', roles: ['worker'], owner: 'rack-1' });
    expect(file.identify('b', null)).toEqual({ name: 'both', roles: ['client', 'operator'], owner: 'both' });
    expect(file.identify('shared', null)).toBe('wrong-token');
    expect(file.identify(null, 'ada')).toBe('no-token');
  });

  test('the name of a certificate says who it is, and the names that certs gives say what he may', () => {
    const mutual = trust({ tls });
    expect(mutual.identify(null, 'ada')).toEqual({ name: 'ada', roles: trustRoles, owner: 'ada' });
    for (const role of trustRoles)
      expect(mutual.identify('ignored', `trireme ${role}`)).toMatchObject({ roles: [role], owner: `trireme ${role}` });
    expect(rolesOfCertificate('trireme lb')).toEqual([]);
    expect(rolesOfCertificate('trireme master')).toEqual([]);
  });

  test('with a token and a certificate both must allow', () => {
    const both = trust({ tls, token });
    expect(both.identify('shared', 'trireme worker')).toEqual({
      ...{ name: 'trireme worker', roles: ['worker'], owner: 'trireme worker' },
    });
    expect(both.identify(null, 'trireme worker')).toBe('no-token');
    const file = trust({ tls, credentials });
    expect(file.identify(null, 'ada')).toMatchObject({ name: 'ada', roles: ['client'] });
    expect(file.identify(null, 'eve')).toBe('no-token');
    expect(file.identify('x', 'ada')).toBe('wrong-token');
    expect(file.identify('w', 'eve')).toMatchObject({ name: 'rack-1', roles: ['worker'] });
    expect(file.identify('o', 'ada')).toMatchObject({ name: 'ops', roles: [] });
    expect(file.identify('o', 'trireme worker')).toMatchObject({ name: 'ops', roles: [] });
  });
});

describe('the table of who may call what', () => {
  const services = [
    ...[CaptureServiceService, ChunkSourceService, JobServiceService, ClusterServiceService, WorkerHubService],
  ];
  const paths = services.flatMap((service) => Object.values(service).map(({ path }) => path));

  test('names every method of every service of ours, and none that is not there', () => {
    expect(paths.filter((path) => !namedMethods.includes(path))).toEqual([]);
    expect(namedMethods.filter((path) => path.startsWith('/trireme.') && !paths.includes(path as never))).toEqual([]);
    expect(paths.filter((path) => typeof methodAccess(path) === 'string')).toEqual([]);
  });

  test('leaves what it does not name to the operator', () => {
    for (const path of ['/grpc.channelz.v1.Channelz/GetServers', '/trireme.v2.Any/Thing', '/constructor', ''])
      expect(methodAccess(path)).toEqual(['operator']);
  });

  test('is applied by any of the roles that a caller has', () => {
    const [ada] = [{ name: 'ada', roles: ['client', 'operator'] as const, owner: 'ada' }];
    expect(whyNotAllowed(ada, ['worker', 'operator'])).toBeNull();
    expect(whyNotAllowed(nobody, null)).toBeNull();
    expect(whyNotAllowed(nobody, ['client'])).toBe(
      "the credential 'nobody' has no role here, and this needs the role client",
    );
    expect(whyNotAllowed(ada, ['worker'])).toBe(
      "the credential 'ada' has the role client and operator here, and this needs the role worker",
    );
  });
});
