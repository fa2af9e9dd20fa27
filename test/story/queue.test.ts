import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/capture-cluster.js';
import { JobCluster } from '../support/job-cluster.js';
import { LoggedKinds, QueueClient } from '../support/job-queue.js';
import { natsIsHere, NatsServer, skipWithoutNats } from '../support/nats-server.js';
import { runTrireme, type Ran } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

/** A queue of jobs at a real nats-server, with one load balancer and one worker. */

let nats: NatsServer;
let cluster: JobCluster;
let worker: RunningRole;
let queue: QueueClient;
let kinds: LoggedKinds;

const answered = 'trireme_lb_queue_deliveries_total{outcome="answered"}';

afterAll(async () => {
  if (!natsIsHere) return;
  await queue?.connection.close();
  await worker?.end();
  await cluster?.stop();
  await nats?.stop();
});

const scratch = scratchFolder();

beforeAll(async () => {
  if (!natsIsHere) return;
  const folder = join(scratch.path, 'kinds');
  mkdirSync(folder);
  kinds = new LoggedKinds(folder);
  nats = await NatsServer.start(join(scratch.path, 'nats'));
  cluster = await JobCluster.start([], ['--queue', nats.url, '--queue-ack-wait', '3s']);
  worker = RunningRole.start(['worker', '--host', cluster.grpc, '--slots', '2', '--name', 'w', '--kinds', folder]);
  await worker.line('attached');
  await cluster.lb.line('jobs are taken from the queue');
  queue = await QueueClient.open(nats.url);
});

/** Another one each time: a test that is tried once more must not find what it put before. */
let ids = 0;
const newId = (name: string): string => `${name}${++ids}`;

const ends = (id: string, outcome: string): Promise<void> =>
  eventually(`${id}: ${outcome}`, async () => (await queue.outcome(id).catch(() => null)) === outcome);

skipWithoutNats('jobs of a queue')('jobs of a queue', () => {
  test('are run, and their answers are published and kept; what is acknowledged is gone from the queue', async () => {
    const answers: string[] = [];
    const inbox = '_INBOX.of.a.test';
    queue.connection.subscribe(inbox, {
      callback: (_error, message) => void answers.push(`${message.headers?.get('Trireme-Job')} ${message.string()}`),
    });
    await queue.put('COPIED', 'first', 'first', { 'Trireme-Reply': inbox });
    await ends('first', 'answer of first');
    expect(await queue.record('first')).toMatchObject({ state: 'done', kind: 'COPIED', attempts: 1, worker: 'w' });
    await eventually('the answer', () => answers.length > 0);
    expect(answers).toEqual(['first answer of first']);
    await queue.publish('GET_TIME', '');
    await eventually('an empty queue', async () => (await queue.queued()) === 0);
  });

  test('with one id are one job: it is dropped by NATS, and later answered from its record', async () => {
    expect(await queue.put('COPIED', 'same', 'same')).toBe(true);
    expect(await queue.put('COPIED', 'same', 'same')).toBe(false);
    await ends('same', 'answer of same');
    const { config } = await queue.manager.streams.info(queue.names.jobsStream);
    // As after two minutes.
    await queue.manager.streams.update(config.name, { duplicate_window: 100_000_000 });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await queue.put('COPIED', 'same', 'same')).toBe(true);
    await eventually('an answer', async () => (await cluster.metric(answered)) === 1);
    expect(kinds.begun().get('same')).toBe(1);
  });

  test('that fail begin again as often as their kind allows, and become dead letters then', async () => {
    await Promise.all([queue.put('COPIED', 'bad throw', 'bad'), queue.put('ONCE', 'badOnce throw', 'badOnce')]);
    await ends('badOnce', 'dead: JOB_FAILED');
    await ends('bad', 'dead: JOB_FAILED');
    expect([kinds.begun().get('bad'), kinds.begun().get('badOnce')]).toEqual([2, 1]);
    await eventually('dead letters', async () => (await queue.dead()).length === 2);
    expect((await queue.dead()).sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { id: 'bad', attempts: 2, payload: 'bad throw', error: expect.stringMatching(/^JOB_FAILED: .*told to throw/) },
      { id: 'badOnce', attempts: 1, payload: 'badOnce throw', error: expect.stringMatching(/^JOB_FAILED: /) },
    ]);
  });

  test('begin no sooner than they say, and are not given away while they run, since NATS hears of them', async () => {
    const deliveries = async (): Promise<number> =>
      (await queue.manager.consumers.info(queue.names.jobsStream, 'ONCE')).delivered.consumer_seq;
    const [before, long] = [await deliveries(), newId('long')];
    // For longer than NATS waits to hear of it.
    await queue.put('ONCE', `${long} sleep 4000`, long);
    const due = Date.now() + 1_500;
    const late = newId('late');
    await queue.put('COPIED', late, late, { 'Trireme-Not-Before': new Date(due).toISOString() });
    await ends(late, `answer of ${late}`);
    expect((await queue.record(late))?.atMs).toBeGreaterThanOrEqual(due);
    expect(Date.now()).toBeGreaterThanOrEqual(due);
    await ends(long, `answer of ${long}`);
    expect([(await deliveries()) - before, kinds.begun().get(long)]).toEqual([1, 1]);
  });

  test('that can never run are dead letters at once, and what is wrong is said', async () => {
    await queue.put('COPIED', 'x', 'spy', { 'Trireme-Reply': '$JS.API.STREAM.DELETE.trireme-jobs' });
    await queue.put('GET_TIME', 'no payload', 'loaded');
    await ends('spy', 'dead: USAGE');
    await ends('loaded', 'dead: USAGE');
    let errors = new Map<string, string>();
    await eventually('dead letters', async () => {
      errors = new Map((await queue.dead()).map(({ id, error }) => [id, error]));
      return errors.has('spy') && errors.has('loaded');
    });
    expect(errors.get('spy')).toMatch(/does not begin with _INBOX\. or trireme\.replies\./);
    expect(errors.get('loaded')).toMatch(/this kind takes none/);
  });

  test('are put by trireme run, which prints their answers; one of an id that was there is not run again', async () => {
    const run = (args: readonly string[], stdin = ''): Promise<Ran> =>
      runTrireme(['run', '--queue', nats.url, ...args], { stdin: Buffer.from(stdin) });
    const names = Array.from({ length: 14 }, (_, at) => `line${at + 1}`);
    const lines = await run(['COPIED', '--each-line'], names.join('\n').replace('line2\n', 'line2 throw\n'));
    expect(lines.code).toBe(1);
    const answers = names.filter((name) => name !== 'line2').map((name) => `answer of ${name}`);
    expect(lines.stdout.trim().split('\n').sort()).toEqual(answers.sort());
    expect(lines.stderr).toMatch(/^trireme: job 2: JOB_FAILED: .*told to throw\n$/);
    const long = join(scratch.path, 'long');
    const short = join(scratch.path, 'short');
    writeFileSync(long, Buffer.alloc(2 ** 20, 'x'));
    writeFileSync(short, 'short');
    const files = await run(['COPIED', '--each-file', long, short]);
    expect([files.code, files.stdout.trim()]).toEqual([1, 'answer of short']);
    expect(files.stderr).toMatch(/LIMIT_REACHED: its payload of 1048576 bytes is over 1048576 with its headers/);
    const order = ['--id', 'order 17', 'ONCE', 'order17'];
    for (let i = 0; i < 2; i++)
      expect(await run(order)).toMatchObject({ code: 0, stdout: 'answer of order17', stderr: '' });
    expect(kinds.begun().get('order17')).toBe(1);
    const detached = await run(['--detach', '--delay', '1s', 'COPIED', 'detached']);
    const id = detached.stdout.trim();
    expect([detached.code, detached.stdout, await queue.record(id)]).toEqual([0, `${id}\n`, null]);
    await ends(id, 'answer of detached');

    for (const [args, why] of [
      [['--lb', '127.0.0.1:1', 'COPIED'], /--lb and --queue are two ways/],
      [['--retries', '1', 'COPIED'], /--retries and --wait/],
      [['871'], /'871' is none/],
      [['--id', 'order 17 ', 'ONCE'], /--id "order 17 " begins or ends with a blank/],
      [['--id', 'a\nb', 'ONCE'], /or has a line break/],
    ] as const)
      expect(await run(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(why) });
    expect(await runTrireme(['run', '--lb', '127.0.0.1:1', '--detach', 'X'])).toMatchObject({
      ...{ code: 2, stderr: expect.stringMatching(/are about jobs of a --queue/) },
    });
  });

  test('do not begin while the bucket of records is full, and begin once when there is room', async () => {
    const stream = `KV_${queue.names.records}`;
    const { config, state } = await queue.manager.streams.info(stream);
    // A limit of 0 is none.
    await queue.manager.streams.update(stream, { max_bytes: Math.max(1, state.bytes) });
    const waits = newId('waits');
    await queue.put('ONCE', waits, waits);
    await cluster.lb.line('the queue cannot be used; clients are served all the same', ({ trouble }) =>
      /maximum bytes/.test(String(trouble)),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect([await queue.outcome(waits), kinds.begun().has(waits), await queue.queued()]).toEqual([null, false, 1]);
    await queue.manager.streams.update(stream, { max_bytes: config.max_bytes });
    await ends(waits, `answer of ${waits}`);
    expect(kinds.begun().get(waits)).toBe(1);
  });

  test('wait while NATS is away, whose loss is told and whose clients are served; what was removed is made anew', async () => {
    const ready = async (): Promise<string> => `${(await fetch(`http://${cluster.admin}/readyz`)).status}`;
    const over = newId('over');
    await queue.put('ONCE', `${over} sleep 1500`, over);
    await eventually('its beginning', () => kinds.begun().has(over));
    await nats.stop();
    await eventually('the trouble', async () => (await cluster.metric('trireme_lb_queue_usable')) === 0);
    expect([await ready(), await (await fetch(`http://${cluster.admin}/readyz`)).text()]).toEqual([
      '200',
      expect.stringMatching(/^ready\nnats:.*cannot be reached/),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await nats.resume();
    await ends(over, `answer of ${over}`);
    expect(kinds.begun().get(over)).toBe(1);

    for (const name of [queue.names.jobsStream, `KV_${queue.names.records}`]) await queue.manager.streams.delete(name);
    await cluster.lb.line('the queue was not there and has been made');
    const anew = newId('anew');
    await eventually('a queue', () =>
      queue.put('COPIED', anew, anew).then(
        () => true,
        () => false,
      ),
    );
    await ends(anew, `answer of ${anew}`);
  });
});
