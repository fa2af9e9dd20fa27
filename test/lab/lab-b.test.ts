import { Bed, describeWithKernel, frameSender, until, type Running } from './support/bed.js';
import { u32, udpFrame } from './support/frames.js';
import type { LbSnapshot } from '../../src/udp/snapshot.js';

const lb = '10.9.0.1';
const port = 50002;

interface ServerTold {
  readonly begun: number[];
  readonly busyMost: number;
  readonly malformed: number;
}

interface ClientTold {
  readonly answered: number;
  readonly twice: number;
  readonly wrong: number;
  readonly tookMs: number;
}

/** `count` different sleeps from `leastMs` on, in an order that mixes them. */
function sleeps(count: number, leastMs: number): number[] {
  return Array.from({ length: count }, (_, i) => leastMs + ((i * 7919) % count));
}

/** The least time in which so many threads can do these jobs. */
function idealMs(sleepsMs: readonly number[], threads: number): number {
  return sleepsMs.reduce((sum, ms) => sum + ms, 0) / threads;
}

function dropped(snapshot: LbSnapshot): number {
  return Object.values(snapshot.dropped).reduce((sum, count) => sum + count, 0);
}

describeWithKernel('lab B on a network', () => {
  let bed: Bed;
  const servers: Running[] = [];

  const stats = (): LbSnapshot => bed.stats<LbSnapshot>('lb');
  const expectSum = (snapshot: LbSnapshot): void => {
    const { jobs, results, queued, running } = snapshot;
    expect(jobs).toBe(results + queued + running + dropped(snapshot));
  };
  const startServer = async (host: string, threads: number, loss = 0, mute = false): Promise<Running> => {
    const server = bed.startActor(host, 'job-server-actor', { lb, port, threads, loss, mute });
    servers.push(server);
    await server.said(/^ready$/);
    return server;
  };
  const startServers = async (loss = 0): Promise<void> => {
    for (const [i, threads] of [2, 4, 8].entries()) await startServer(`s${i + 1}`, threads, loss);
    await until(() => stats().servers.filter(({ state }) => state === 'live').length === 3, {
      timeoutMs: 5000,
      what: () => 'three live servers',
    });
  };
  const endServer = async (server: Running): Promise<ServerTold> => {
    server.closeInput();
    await server.ended;
    return JSON.parse(server.lines[1]) as ServerTold;
  };
  const endServers = (): Promise<ServerTold[]> => Promise.all(servers.splice(0).map(endServer));
  const ask = async (sleepsMs: readonly number[], sockets = 1): Promise<ClientTold> => {
    const client = bed.startActor('client', 'job-client-actor', { lb, port, sleepsMs, timeoutMs: 40_000, sockets });
    await client.ended;
    return JSON.parse(client.lines[0]) as ClientTold;
  };
  const attach = (...more: string[]): string =>
    bed.mustTrireme('lb', 'xdp', 'attach', 'lb', '--iface', 'eth0', ...more);

  beforeAll(async () => {
    bed = await Bed.make(['lb', 's1', 's2', 's3', 'client']);
  });
  afterAll(() => bed.end());
  afterEach(async () => {
    await endServers();
    bed.mustTrireme('lb', 'xdp', 'detach', '--iface', 'eth0');
    expect(bed.leftovers()).toEqual([]);
  });

  test.each(['native', 'generic'])(
    '%s: 300 jobs are answered once, shared by free threads, in nearly the least time',
    async (mode) => {
      attach('--mode', mode);
      await startServers();
      const sleepsMs = sleeps(300, 60);
      const told = await ask(sleepsMs);
      expect(told).toMatchObject({ answered: 300, twice: 0, wrong: 0 });
      expect(told.tookMs).toBeLessThan(idealMs(sleepsMs, 14) * 1.1);
      const snapshot = stats();
      expect(snapshot).toMatchObject({ jobs: 300, results: 300, queued: 0, running: 0 });
      expectSum(snapshot);
      const byServer = await endServers();
      for (const [i, threads] of [2, 4, 8].entries()) {
        expect(byServer[i].busyMost).toBeLessThanOrEqual(threads);
        expect(byServer[i].malformed).toBe(0);
        expect(Math.abs(byServer[i].begun.length / 300 - threads / 14)).toBeLessThan(0.05);
      }
    },
  );

  test('1,024 jobs sent at once before any server are kept, and answered when servers come', async () => {
    attach();
    // 64 different sleeps from each of 16 sockets.
    const sleepsMs = Array.from({ length: 1024 }, (_, i) => 20 + Math.floor(i / 16));
    const asking = ask(sleepsMs, 16);
    await until(() => stats().queued === 1024, {
      timeoutMs: 10_000,
      what: () => `a full queue: ${JSON.stringify(stats())}`,
    });
    await startServers();
    expect(await asking).toMatchObject({ answered: 1024, twice: 0, wrong: 0 });
    expectSum(stats());
    for (const [i, told] of (await endServers()).entries()) expect(told.busyMost).toBeLessThanOrEqual([2, 4, 8][i]);
  });

  test("a killed server's jobs run again elsewhere within six seconds", async () => {
    attach();
    await startServers();
    const asking = ask(sleeps(60, 900));
    await until(() => stats().running === 14, { timeoutMs: 5000, what: () => 'full threads' });
    const before = stats().servers.find(({ threads }) => threads === 8);
    expect(before?.busy).toBe(8);
    const [killed] = servers.splice(2, 1);
    await killed.stop('SIGKILL');
    const killedAtMs = performance.now();
    await until(() => stats().events.requeuedSilent >= 8, { timeoutMs: 6000, what: () => 'eight jobs queued again' });
    expect(performance.now() - killedAtMs).toBeLessThan(3000);
    expect(await asking).toMatchObject({ answered: 60, twice: 0, wrong: 0 });
    expectSum(stats());
  });

  test('with 5 % loss on the side of the servers nothing is lost and nothing comes twice', async () => {
    attach();
    await startServers(0.05);
    expect(await ask(sleeps(200, 20))).toMatchObject({ answered: 200, twice: 0, wrong: 0 });
    const snapshot = stats();
    expect(snapshot).toMatchObject({ jobs: 200, results: 200, running: 0, queued: 0 });
    expectSum(snapshot);
  });

  test('a server of 255 threads that answers nothing gets few jobs, and is used again once it answers', async () => {
    attach('--grace-ms', '300');
    const mute = await startServer('s1', 255, 0, true);
    await startServer('s2', 4);
    await until(() => stats().servers.length === 2, { timeoutMs: 5000, what: () => 'two servers' });
    const stateOf = (threads: number): string | undefined =>
      stats().servers.find((server) => server.threads === threads)?.state;
    // One after the other, so that the mute one always has most threads free.
    for (let job = 0; job < 20; job++) expect(await ask([1 + job])).toMatchObject({ answered: 1, twice: 0 });
    const sent = stats().servers.find(({ threads }) => threads === 255)?.sent ?? NaN;
    expect(sent).toBe(1);
    // A crowd fills the other, so the mute one is tried again, and suspended.
    expect(await ask(sleeps(100, 40))).toMatchObject({ answered: 100, twice: 0, wrong: 0 });
    expect(stateOf(255)).toBe('suspended');
    expect(bed.mustTrireme('lb', 'xdp', 'servers')).toMatch(/ suspended +│ +255 /);
    expect(stats().events.suspended).toBe(1);
    mute.write('answer\n');
    await until(
      async () => {
        await ask(sleeps(50, 40));
        return stateOf(255) === 'live';
      },
      { timeoutMs: 20_000, what: () => `the server to be live again: ${JSON.stringify(stats().servers)}` },
    );
    expect(stats().events.resumed).toBe(1);
    expectSum(stats());
  });

  test('forged results, junk and false registrations are counted and change nothing', async () => {
    attach();
    await startServers();
    const asking = ask(sleeps(100, 500));
    await until(() => stats().running === 14, { timeoutMs: 5000, what: () => 'full threads' });
    const before = stats();
    const addressed = { toMac: bed.mac('lb'), fromMac: bed.mac('client'), from: '10.9.0.5', to: lb };
    const forged = Array.from({ length: 16_384 }, (_, handle) =>
      udpFrame({ ...addressed, toPort: 16_384 + handle, payload: u32(500 + (handle % 100), 0) }),
    );
    const junk = Array.from({ length: 10_000 }, (_, i) =>
      udpFrame({ ...addressed, toPort: port, payload: Buffer.alloc(9 + (i % 200), i) }),
    );
    const registrations = Array.from({ length: 40 }, (_, i) =>
      udpFrame({ ...addressed, from: '10.9.0.77', fromPort: 1000 + i, toPort: port, payload: Buffer.of(1) }),
    );
    bed.must('client', frameSender, [...forged, ...junk].map((frame) => frame.toString('hex')).join('\n'));
    bed.must('client', frameSender, registrations.map((frame) => frame.toString('hex')).join('\n'));
    const { packets } = stats();
    expect(packets.resultStale + packets.resultWrongSender - before.packets.resultStale).toBe(16_384);
    expect(packets.resultWrongSender).toBeGreaterThan(0);
    expect(packets.dropJunk - before.packets.dropJunk).toBe(10_000);
    expect(packets.helloTableFull).toBe(27);
    expect(await asking).toMatchObject({ answered: 100, twice: 0, wrong: 0 });
    expectSum(stats());
    // The table has room again once the false ones are dead.
    await startServer('client', 3);
    await until(() => stats().servers.some(({ threads, state }) => threads === 3 && state === 'live'), {
      timeoutMs: 5000,
      what: () => 'an entry for a new server',
    });
  });

  test('a balancer taken off and put on again finds its servers by itself', async () => {
    attach();
    await startServers();
    expect(await ask(sleeps(30, 10))).toMatchObject({ answered: 30 });
    bed.mustTrireme('lb', 'xdp', 'detach', '--iface', 'eth0');
    expect(bed.leftovers()).toEqual([]);
    attach();
    const told = await ask(sleeps(30, 10));
    expect(told).toMatchObject({ answered: 30, twice: 0 });
    expect(told.tookMs).toBeLessThan(1500);
    expect(stats().servers).toHaveLength(3);
  });

  test('other traffic is untouched, and a full server table shows who is there', async () => {
    attach();
    await startServers();
    expect(bed.run('client', ['ping', '-c20', '-i0.01', '-W2', lb]).stdout).toContain(' 20 received');
    expect(bed.run('client', ['ping', '-c20', '-i0.01', '-W2', 'fd00::1']).stdout).toContain(' 20 received');
    const listener = bed.start('lb', [
      'python3',
      '-uc',
      `import socket
s=[socket.socket(socket.AF_INET,socket.SOCK_DGRAM) for _ in range(3)]
for x,p in zip(s,(50001,16383,32768)): x.bind(('0.0.0.0',p)); x.settimeout(10)
t=socket.create_server(('0.0.0.0',50002)); print('ready')
print([x.recv(9000)==bytes(n) for x,n in zip(s,(1,4,5000))])
c,_=t.accept(); print(c.recv(10))`,
    ]);
    await listener.said(/^ready$/);
    bed.must('client', [
      'python3',
      '-c',
      `import socket
u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)
for p,n in ((50001,1),(16383,4),(32768,5000)): u.sendto(bytes(n),('${lb}',p))
socket.create_connection(('${lb}',50002)).sendall(b'tcp')`,
    ]);
    await listener.ended;
    expect(listener.lines.slice(1)).toEqual(['[True, True, True]', "b'tcp'"]);
    const table = bed.mustTrireme('lb', 'xdp', 'servers');
    expect(table.match(/ live /g)).toHaveLength(3);
    expect(table).toContain('0 jobs = 0 results + 0 queued + 0 running + 0 dropped');
  });

  test("the project's own servers and client do the same", async () => {
    expect(attach()).toContain('put the pass stub on the veth peer lb (namespace bridge)');
    const own = [2, 4].map((threads, i) =>
      bed.startTrireme(`s${i + 1}`, 'job-server', '--lb', lb, '--threads', `${threads}`, '--quiet'),
    );
    await Promise.all(own.map((server) => server.said(/threads on UDP port/)));
    const client = bed.startTrireme('client', 'job-client', '0.01', '0.05', '0.1', '--lb', lb, '--count', '60');
    const { code, stdout } = await client.ended;
    expect(stdout).toMatch(/60 jobs in .*: 60 answered, 0 lost/);
    expect(stdout.match(/slept \d+ ms on thread \d+, delay \d/g)).toHaveLength(60);
    expect(code).toBe(0);
    const ends = await Promise.all(own.map((server) => server.stop()));
    const done = ends.map(({ stdout: text }) => Number(/^(\d+) jobs done, 0 refused/m.exec(text)?.[1]));
    expect(done[0] + done[1]).toBe(60);
    expect(ends.map(({ code: exit }) => exit)).toEqual([0, 0]);
    expect(stats().servers.every(({ state }) => state !== 'live')).toBe(true);
  });
});
