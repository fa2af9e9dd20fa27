import { createServer, type AddressInfo } from 'node:net';
import { JobClient, JobKind, runTcpJobs } from '../../src/api/client.js';
import { JobCluster } from '../support/job-cluster.js';

/** A port of which nothing hears. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

describe('the client of the library', () => {
  let cluster: JobCluster;
  beforeAll(async () => {
    cluster = await JobCluster.start([1]);
  });
  afterAll(() => cluster.stop());

  test('runs more jobs than the load balancer takes at once, each answered once', async () => {
    const client = new JobClient({ address: cluster.grpc });
    const seen = new Set<number>();
    async function* kinds(): AsyncGenerator<JobKind> {
      for (let i = 0; i < 300; i++) yield await Promise.resolve(i % 2 === 0 ? JobKind.GET_TIME : JobKind.MINE_BITCOIN);
    }
    for await (const { index, result, error } of client.runJobs(kinds())) {
      seen.add(index);
      expect([error, result.length]).toEqual(['', index % 2 === 0 ? 10 : 64]);
    }
    expect(seen.size).toBe(300);
    let many = 0;
    for await (const { error } of client.runJobs(new Array<JobKind>(20_000).fill(JobKind.GET_TIME)))
      many += +(error === '');
    expect(many).toBe(20_000);
    client.close();
  });

  test('a loop that is left early cancels the rest, and the next call is answered', async () => {
    const client = new JobClient({ address: cluster.grpc });
    async function* forEver(): AsyncGenerator<JobKind> {
      for (;;) yield await Promise.resolve(JobKind.GET_TIME);
    }
    for await (const { result } of client.runJobs(forEver())) {
      expect(result).toMatch(/^\d{10}$/);
      break;
    }
    expect((await client.runJob(JobKind.GET_TIME)).attempts).toBe(1);
    client.close();
  });

  test('an error of what is asked comes through', async () => {
    const client = new JobClient({ address: cluster.grpc });
    function* kinds(): Generator<JobKind> {
      yield JobKind.GET_TIME;
      throw new Error('no more kinds');
    }
    const all = async (): Promise<void> => {
      for await (const { error } of client.runJobs(kinds())) expect(error).toBe('');
    };
    await expect(all()).rejects.toThrow('no more kinds');
    client.close();
  });

  test('errors have the code of the other side, or say where nobody hears', async () => {
    const client = new JobClient({ address: cluster.grpc });
    await expect(client.runJob(77 as JobKind)).rejects.toMatchObject({ code: 'UNKNOWN_JOB', facts: { value: 77 } });
    client.close();
    const address = await closedPort();
    const lost = new JobClient({ address });
    const where = { code: 'UNREACHABLE', message: expect.stringContaining(address) as string };
    await expect(lost.runJob(JobKind.GET_TIME)).rejects.toMatchObject(where);
    await expect(lost.runJobs([JobKind.GET_TIME]).next()).rejects.toMatchObject(where);
    await expect(runTcpJobs([1], { address })).rejects.toMatchObject(where);
    lost.close();
    expect(() => new JobClient({ address: 'host:99999' })).toThrow("address: 'host:99999' is not HOST:PORT");
    expect(() => new JobClient({ token: 'a b' })).toThrow('token: a token is 1 to 512 printable ASCII');
    expect(() => new JobClient({ tlsCert: 'x.pem', tlsCa: 'y.pem' })).toThrow('--tls-cert x.pem needs --tls-key');
  });

  test('over TCP answers come in the order asked, an unknown job answered in its place', async () => {
    const { host, port } = cluster.tcp;
    const heard: string[] = [];
    const options = { address: `${host}:${port}`, onAnswer: (answer: string) => heard.push(answer) };
    const answers = await runTcpJobs([1, 77, 2], options);
    expect(answers.map((answer) => answer.replace(/^\d{10}$/, 'time').replace(/^[0-9a-f]{64}$/, 'digest'))).toEqual([
      'time',
      'ERROR unknown job 77',
      'digest',
    ]);
    expect(heard).toEqual(answers);
    await expect(runTcpJobs([1.5], options)).rejects.toMatchObject({ code: 'USAGE' });
    expect(await runTcpJobs([], options)).toEqual([]);
  });

  test('a port that never answers is given up in time', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    silent.on('connection', (socket) => socket.on('error', () => undefined).resume());
    await expect(runTcpJobs([1], { address, timeoutMs: 100 })).rejects.toMatchObject({ code: 'DEADLINE_PASSED' });
    const client = new JobClient({ address });
    await expect(client.runJob(JobKind.GET_TIME, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'DEADLINE_PASSED',
    });
    client.close();
    silent.close();
  });
});
