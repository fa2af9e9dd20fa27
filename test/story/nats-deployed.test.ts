import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { parseAllDocuments } from 'yaml';
import { projectRoot } from '../../src/common/version.js';
import { connectNats } from '../../src/nats/connect.js';
import { natsUrl } from '../../src/nats/nats-url.js';
import { eventually, writeLongCapture } from '../support/capture-cluster.js';
import { QueueClient } from '../support/job-queue.js';
import { freePorts } from '../support/nats-cluster.js';
import { natsPrograms, NatsServer, skipWithoutNats } from '../support/nats-server.js';
import { runTrireme } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

/** A real nats-server with the configurations of deploy/, and the users that they have. */

const passwords = {
  ...{ ledger: '1e5'.padEnd(64, '0'), hub: 'h'.repeat(64), discover: '7'.repeat(64) },
  ...{ queue: 'q'.repeat(64), put: '9'.repeat(64) },
};
const program = natsPrograms[natsPrograms.length - 1];
/** Older servers do not know the option, and refuse a configuration that has it. */
const knowsSync = program?.version.localeCompare('2.10.0', 'en', { numeric: true }) >= 0;

const configurations: Readonly<Record<string, () => string>> = {
  'deploy/nats.conf': () => readFileSync(join(projectRoot, 'deploy', 'nats.conf'), 'utf8'),
  'deploy/kubernetes/nats.yaml': () => {
    const [map] = parseAllDocuments(readFileSync(join(projectRoot, 'deploy', 'kubernetes', 'nats.yaml'), 'utf8'));
    return (map.toJS() as { data: Record<string, string> }).data['nats.conf'];
  },
};

let nats: NatsServer | null = null;
let roles: RunningRole[] = [];
let folders = 0;
afterEach(async () => {
  await Promise.all(roles.map((role) => role.end('SIGKILL')));
  roles = [];
  await nats?.stop();
  nats = null;
});
const scratch = scratchFolder();

/** @returns where it tells of itself over HTTP */
async function start(configuration: string): Promise<string> {
  // One server of the cluster alone: the names of the others are those of pods. Flags name port, folder and monitoring.
  const alone = configuration
    .replace('store_dir: /data, ', '')
    .replace(/^ *cluster \{[^}]*\}/m, '')
    .replace(/^ *http: 8222$/m, '');
  const known = knowsSync ? alone : alone.replace(/, sync_interval: always/, '');
  if (!knowsSync) process.stderr.write(`SKIP sync_interval: nats-server ${program.version} is older than 2.10\n`);
  const file = scratch.file(`nats-${++folders}.conf`, known);
  const [monitoring] = await freePorts(1);
  const environment = [
    'POD_NAME=nats-0',
    ...Object.entries(passwords).map(([user, password]) => `NATS_${user.toUpperCase()}_PASSWORD="${password}"`),
  ];
  nats = await NatsServer.start(join(scratch.path, `js-${folders}`), ['-c', file, '-m', String(monitoring)], {
    ...{ host: '127.0.0.1', port: -1, before: ['env', ...environment], program },
  });
  return `http://127.0.0.1:${monitoring}`;
}

const as = (user: keyof typeof passwords): string =>
  (nats as NatsServer).url.replace('nats://', `nats://${user}:${passwords[user]}@`);

async function startRole(ready: string, ...args: string[]): Promise<RunningRole> {
  const role = RunningRole.start(args);
  roles.push(role);
  await role.line(ready);
  return role;
}

skipWithoutNats('the NATS of deploy/')('the NATS of deploy/', () => {
  test.each(Object.keys(configurations))(
    '%s syncs each write, serves each part with its user, and shows the ledger to masters alone',
    async (name) => {
      const monitoring = await start(configurations[name]());
      const varz = (await (await fetch(`${monitoring}/varz`)).json()) as {
        jetstream: { config: { sync_always?: true } };
      };
      if (knowsSync) expect(varz.jetstream.config.sync_always).toBe(true);

      // Who only finds comes first, when nothing is there yet.
      const worker = RunningRole.start(['worker', '--discover', as('discover'), '--captures', scratch.path]);
      roles.push(worker);
      const local = ['--grpc', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--captures', scratch.path];
      const places = ['--state', as('ledger'), '--announce', as('hub')];
      await startRole('announced', 'master', ...local, ...places, '--spool', join(scratch.path, 'spool'));
      const lbPlaces = ['--announce', as('hub'), '--queue', as('queue')];
      const lb = await startRole('announced', 'lb', '--tcp', '127.0.0.1:0', ...local.slice(0, 4), ...lbPlaces);
      await worker.line('attached');
      const capture = writeLongCapture(join(scratch.path, 'day.pcap'), 200_000);
      const expected = (await runTrireme(['analyze', '--json', '-q', capture])).stdout;
      const found = await runTrireme(['analyze', '--json', '-q', '--discover', as('discover'), capture]);
      expect([found.code, found.stdout, found.stderr]).toEqual([0, expected, '']);

      await lb.line('jobs are taken from the queue');
      const putting = await QueueClient.open(as('put'));
      try {
        await putting.put('GET_TIME', '', 'its time');
        await eventually('the time', async () => /^\d+$/.test((await putting.outcome('its time')) ?? ''));
        const { names } = putting;
        await expect(putting.manager.streams.delete(names.jobsStream)).rejects.toThrow(/permission/i);
        await expect(putting.manager.streams.purge(names.deadStream)).rejects.toThrow(/permission/i);
        await expect(new Kvm(putting.connection).open(names.records).then((kv) => kv.put('a', 'b'))).rejects.toThrow();
      } finally {
        await putting.connection.close();
      }

      for (const user of ['discover', 'hub'] as const) {
        const connection = await connectNats(natsUrl(as(user)), 'somebody');
        try {
          const heard: string[] = [];
          connection.subscribe(user === 'hub' ? '>' : '_INBOX.>', {
            callback: (_error, { subject }) => void heard.push(subject),
          });
          await runTrireme(['analyze', '--json', '-q', '--discover', as('discover'), capture]);
          expect(heard.filter((subject) => /trireme[._](queue|analyses|chunks|results)/.test(subject))).toEqual([]);
          const manager = await jetstreamManager(connection);
          await expect(manager.streams.info('KV_trireme_analyses')).rejects.toThrow();
          const kv = await new Kvm(connection).open('trireme_analyses');
          await expect(kv.put('0000000000000000', 'x')).rejects.toThrow();
          const members = await new Kvm(connection).open('trireme-members');
          const announcing = members.put('lb.made-up', '{}');
          if (user === 'hub') await announcing;
          else await expect(announcing).rejects.toThrow(/permission/i);
        } finally {
          await connection.close();
        }
      }
      const refused = await runTrireme(['master', ...local, '--state', as('discover')]);
      expect([refused.code, refused.stderr.trim().split('\n')]).toEqual([1, [expect.stringMatching(/permission/i)]]);
      for (const url of [as('ledger').replace(passwords.ledger, 'wrong'), (nats as NatsServer).url]) {
        const { code, stderr } = await runTrireme(['master', ...local, '--state', url]);
        expect([code, stderr]).toEqual([1, expect.stringMatching(/refuses the credentials/)]);
      }
    },
    120_000,
  );
});
