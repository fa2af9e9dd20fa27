import { lbConfigBytes } from '../../src/udp/config-bytes.js';
import { Bed, describeWithKernel, until } from './support/bed.js';
import { readMessage, u32, udpFrame, type FrameOptions } from './support/frames.js';
import { ProgramUnderTest } from './support/program-under-test.js';

const service = 50002;
const lbMac = '02:00:00:00:00:01';
const server = { from: '10.9.0.7', fromPort: 7000, fromMac: '02:00:00:00:00:07' };
const client = { from: '10.9.0.9', fromPort: 9000, fromMac: '02:00:00:00:00:09' };

const hello = (threads: number, from: Partial<FrameOptions> = server): Buffer =>
  udpFrame({ ...from, toPort: service, payload: Buffer.of(threads) });
const job = (sleepMs: number, from: Partial<FrameOptions> = client): Buffer =>
  udpFrame({ ...from, toPort: service, payload: u32(sleepMs) });
const result = (handle: number, sleepMs: number, thread: number, from: Partial<FrameOptions> = server): Buffer =>
  udpFrame({ ...from, toPort: handle, payload: u32(sleepMs, thread) });

describeWithKernel('balancer, packet by packet', () => {
  let bed: Bed;
  let count = 0;

  /** A balancer of its own, with a patience that no slow machine exhausts unless a test says so. */
  const load = (
    settings: { silentMs?: number; graceMs?: number; triesMax?: number; servers?: string } = {},
  ): ProgramUnderTest => {
    count++;
    bed.must(undefined, ['sh', '-c', 'umount /run/udp_lb 2>/dev/null; rm -rf /run/udp_lb']);
    const [address, bits] = (settings.servers ?? '0.0.0.0/0').split('/');
    return new ProgramUnderTest(
      bed,
      'udp_lb',
      'lb',
      lbConfigBytes({
        port: service,
        trace: false,
        netns: count,
        silentMs: settings.silentMs ?? 60_000,
        graceMs: settings.graceMs ?? 60_000,
        reapMs: 20,
        triesMax: settings.triesMax ?? 5,
        addresses: ['10.9.0.1'],
        servers: { address, bits: Number(bits) },
      }),
    );
  };

  beforeAll(async () => {
    bed = await Bed.make([]);
  });
  afterAll(() => bed.end());

  test('a job goes to the server, its result to the client, and the handle is free again', () => {
    const lb = load();
    expect(lb.run(hello(2))).toMatchObject({ verdict: 'DROP', moved: { hello_idle: 1, registered: 1 } });

    const sent = lb.run(job(250));
    expect(sent).toMatchObject({ verdict: 'TX', moved: { job_sent: 1, jobs: 1 } });
    expect(sent.frame).toHaveLength(60);
    const toServer = readMessage(sent.frame);
    expect(toServer).toMatchObject({
      toMac: server.fromMac,
      fromMac: lbMac,
      from: '10.9.0.1',
      to: server.from,
      toPort: server.fromPort,
      payload: u32(250),
      checksumsRight: true,
    });
    expect(toServer.fromPort).toBeGreaterThanOrEqual(16384);
    expect(toServer.fromPort).toBeLessThanOrEqual(32767);

    const wrong = result(toServer.fromPort, 250, 1, { ...server, fromPort: 7001 });
    expect(lb.run(wrong)).toMatchObject({ verdict: 'DROP', moved: { result_wrong_sender: 1 } });
    const answered = lb.run(result(toServer.fromPort, 250, 1));
    expect(answered).toMatchObject({ verdict: 'TX', moved: { result_forwarded: 1 } });
    expect(readMessage(answered.frame)).toEqual({
      toMac: client.fromMac,
      fromMac: lbMac,
      from: '10.9.0.1',
      fromPort: service,
      to: client.from,
      toPort: client.fromPort,
      payload: u32(250, 1),
      checksumsRight: true,
    });
    expect(lb.run(result(toServer.fromPort, 250, 1))).toMatchObject({ verdict: 'DROP', moved: { result_stale: 1 } });
  });

  test('a job that finds no free thread waits, and leaves in the packet of the next server that polls', () => {
    const lb = load();
    expect(lb.run(job(1)).moved).toEqual({ job_queued: 1, jobs: 1, pushed: 1 });
    expect(lb.run(job(2)).moved).toEqual({ job_queued: 1, jobs: 1, pushed: 1 });
    const polled = lb.run(hello(1));
    expect(polled).toMatchObject({ verdict: 'TX', moved: { hello_answered: 1, popped: 1, registered: 1 } });
    const { payload, to, checksumsRight, fromPort } = readMessage(polled.frame);
    expect({ payload, to, checksumsRight }).toEqual({ payload: u32(1), to: server.from, checksumsRight: true });
    // Its one thread is taken: nothing more for it.
    expect(lb.run(hello(1))).toMatchObject({ verdict: 'DROP', moved: { hello_idle: 1 } });
    lb.run(result(fromPort, 1, 0));
    expect(readMessage(lb.run(hello(1)).frame).payload).toEqual(u32(2));
  });

  test('an older job goes first when a thread became free unnoticed', () => {
    const lb = load();
    lb.run(hello(1));
    const first = readMessage(lb.run(job(1)).frame);
    lb.run(job(2));
    lb.run(result(first.fromPort, 1, 0));
    const swapped = lb.run(job(3));
    expect(swapped).toMatchObject({
      verdict: 'TX',
      moved: { job_queued_other_sent: 1, jobs: 1, pushed: 1, popped: 1 },
    });
    expect(readMessage(swapped.frame).payload).toEqual(u32(2));
  });

  test('most free threads wins', () => {
    const lb = load();
    const big = { ...server, from: '10.9.0.8' };
    lb.run(hello(2));
    lb.run(hello(4, big));
    const to = [1, 2, 3, 4, 5, 6].map((sleepMs) => readMessage(lb.run(job(sleepMs)).frame).to);
    expect(to.slice(0, 2)).toEqual([big.from, big.from]);
    expect(to.filter((address) => address === big.from)).toHaveLength(4);
    expect(lb.run(job(7)).moved).toMatchObject({ job_queued: 1 });
  });

  test('a server that leaves gets no job, and its result still counts', () => {
    const lb = load();
    lb.run(hello(2));
    const { fromPort } = readMessage(lb.run(job(1)).frame);
    expect(lb.run(hello(0))).toMatchObject({ verdict: 'DROP', moved: { hello_left: 1 } });
    expect(lb.run(job(2)).moved).toMatchObject({ job_queued: 1 });
    expect(lb.run(result(fromPort, 1, 0)).moved).toEqual({ result_forwarded: 1 });
  });

  test('the queue holds 1024 jobs and drops the next, counted', () => {
    const lb = load();
    expect(lb.run(job(9), 1030).moved).toEqual({
      jobs: 1030,
      job_queued: 1024,
      pushed: 1024,
      job_dropped: 6,
      dropped_queue_full: 6,
    });
  });

  test('sixteen servers fit; a dead one makes room', async () => {
    // Long enough for seventeen test runs of the program on a machine that is busy with other tests.
    const lb = load({ silentMs: 6000 });
    const nth = (n: number): Partial<FrameOptions> => ({ ...server, fromPort: 8000 + n });
    for (let n = 0; n < 16; n++) expect(lb.run(hello(1, nth(n))).moved).toMatchObject({ registered: 1 });
    expect(lb.run(hello(1, nth(16)))).toMatchObject({ verdict: 'DROP', moved: { hello_table_full: 1 } });
    await until(() => lb.run(hello(1, nth(16))).moved.registered === 1, {
      timeoutMs: 20_000,
      what: () => 'a free entry',
    });
  });

  test('a late job waits again, and is given up after its last try', async () => {
    const lb = load({ graceMs: 100, triesMax: 2 });
    lb.run(hello(1));
    lb.run(job(0));
    await until(() => lb.counters().requeued_late === 1, { timeoutMs: 5000, what: () => 'a late job' });
    expect(lb.run(hello(1)).verdict).toBe('TX');
    await until(() => lb.counters().dropped_tries_exhausted === 1, { timeoutMs: 5000, what: () => 'a job given up' });
    // Its thread is free again.
    expect(lb.run(job(1)).moved).toMatchObject({ job_sent: 1 });
  });

  test("a dead server's job waits again", async () => {
    const lb = load({ silentMs: 300 });
    lb.run(hello(1));
    lb.run(job(60_000));
    await until(() => lb.counters().requeued_silent === 1, { timeoutMs: 5000, what: () => 'a job of a dead server' });
  });

  test('a prefix keeps strangers from registering', () => {
    const lb = load({ servers: '10.9.0.0/24' });
    expect(lb.run(hello(1, { ...server, from: '10.9.1.7' }))).toMatchObject({ moved: { hello_not_allowed: 1 } });
    expect(lb.run(hello(1))).toMatchObject({ moved: { registered: 1 } });
  });

  /** Frames that are no message: what becomes of them, and the one counter that says why. */
  const others: readonly [string, FrameOptions, 'DROP' | 'PASS', string][] = [
    ['another UDP port', { toPort: 50001, payload: u32(1) }, 'PASS', 'pass_other'],
    ['a port just below the handles', { toPort: 16383, payload: u32(1, 1) }, 'PASS', 'pass_other'],
    ['a port just above the handles', { toPort: 32768, payload: u32(1, 1) }, 'PASS', 'pass_other'],
    ['TCP to the service port', { toPort: service, protocol: 6, payload: u32(1) }, 'PASS', 'pass_other'],
    ['IPv6', { toPort: service, etherType: 0x86dd, payload: u32(1) }, 'PASS', 'pass_other'],
    ['a VLAN tag', { toPort: service, tags: [0x8100], payload: u32(1) }, 'PASS', 'pass_other'],
    ['IPv4 options', { toPort: service, optionBytes: 4, payload: u32(1) }, 'PASS', 'pass_options'],
    ['a first fragment', { toPort: service, fragment: 0x2000, payload: u32(1) }, 'PASS', 'pass_fragment'],
    ['a later fragment', { toPort: service, fragment: 0x0001, payload: u32(1) }, 'PASS', 'pass_fragment'],
    ['another address', { toPort: service, to: '10.9.0.200', payload: u32(1) }, 'PASS', 'pass_other_host'],
    ['an empty datagram', { toPort: service, padTo: 60 }, 'DROP', 'drop_junk'],
    ['two bytes', { toPort: service, payload: Buffer.alloc(2), padTo: 60 }, 'DROP', 'drop_junk'],
    ['five bytes', { toPort: service, payload: Buffer.alloc(5) }, 'DROP', 'drop_junk'],
    ['a large datagram', { toPort: service, payload: Buffer.alloc(1400) }, 'DROP', 'drop_junk'],
    ['four bytes to a handle', { toPort: 16384, payload: u32(1) }, 'DROP', 'drop_junk'],
    ['a result to a free handle', { toPort: 20000, payload: u32(1, 1) }, 'DROP', 'result_stale'],
    ['lengths that disagree', { toPort: service, payload: u32(1), udpLength: 9 }, 'DROP', 'drop_malformed'],
    ['a UDP length below its header', { toPort: service, payload: u32(1), udpLength: 7 }, 'DROP', 'drop_malformed'],
    ['a source port of 0', { toPort: service, fromPort: 0, payload: u32(1) }, 'DROP', 'drop_source'],
    ['a group as source', { toPort: service, from: '224.0.0.1', payload: u32(1) }, 'DROP', 'drop_source'],
    ['its own address as source', { toPort: service, from: '10.9.0.1', payload: u32(1) }, 'DROP', 'drop_source'],
  ];

  test('what is no message is passed or dropped unchanged, each for its own reason', () => {
    const lb = load();
    for (const [what, options, verdict, counter] of others) {
      const frame = udpFrame(options);
      const outcome = lb.run(frame);
      // A frame that is dropped may have been padded to the least length before.
      const kept = outcome.frame.subarray(0, frame.length);
      expect([what, { ...outcome, frame: kept }]).toEqual([what, { verdict, frame, moved: { [counter]: 1 } }]);
    }
    expect(lb.run(udpFrame({ toPort: service, payload: Buffer.alloc(7) }), 1_000_000).moved).toEqual({
      drop_junk: 1_000_000,
    });
  });
});
