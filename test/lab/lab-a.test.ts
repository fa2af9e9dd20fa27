import { createHash } from 'node:crypto';
import { Bed, describeWithKernel, frameSender, pause, until } from './support/bed.js';
import { udpFrame, u32, type FrameOptions } from './support/frames.js';
import type { ParitySnapshot } from '../../src/udp/snapshot.js';

const port = 50001;

describeWithKernel('lab A on a network', () => {
  let bed: Bed;

  beforeAll(async () => {
    bed = await Bed.make(['server', 'client']);
  });
  afterAll(() => bed.end());

  const numbers = async (whileReceiving: () => Promise<void>): Promise<number[]> => {
    const receiver = bed.startActor('server', 'number-receiver-actor', { port });
    await receiver.said(/^ready$/);
    await whileReceiving();
    await pause(200);
    receiver.closeInput();
    await receiver.ended;
    return JSON.parse(receiver.lines[1]) as number[];
  };
  const send = async (count: number, settings: object = {}): Promise<void> => {
    const all = { to: '10.9.0.1', port, first: 0, step: 1, perMs: 10, count, ...settings };
    await bed.startActor('client', 'number-sender-actor', all).ended;
  };
  const upTo = (count: number, step: number, first: number): number[] =>
    Array.from({ length: count / step }, (_, i) => first + i * step);

  describe.each(['native', 'generic'])('%s', (mode) => {
    beforeAll(() => {
      bed.mustTrireme('server', 'xdp', 'attach', 'parity', '--iface', 'eth0', '--mode', mode);
    });
    afterAll(() => {
      bed.mustTrireme('server', 'xdp', 'detach', '--iface', 'eth0');
      expect(bed.leftovers()).toEqual([]);
    });

    test('of numbers 0 to 9999 exactly the odd ones arrive', async () => {
      const before = bed.stats<ParitySnapshot>('server');
      expect(await numbers(() => send(10_000))).toEqual(upTo(10_000, 2, 1));
      const after = bed.stats<ParitySnapshot>('server');
      expect([after.odd - before.odd, after.even - before.even]).toEqual([5000, 5000]);
    });

    test('odd numbers arrive in any wrapping, even ones do not', async () => {
      const frames: Omit<FrameOptions, 'toPort'>[] = [
        { payload: u32(11) },
        { payload: u32(12) },
        { payload: u32(13), optionBytes: 8 },
        { payload: u32(14), optionBytes: 8 },
        { payload: Buffer.concat([u32(15), u32(2)]) },
        { payload: Buffer.concat([u32(16), u32(1)]) },
        { payload: Buffer.of(2, 0, 0), padTo: 60 },
        { padTo: 60 },
      ];
      const [toMac, fromMac] = [bed.mac('server'), bed.mac('client')];
      const lines = frames
        .map((frame) => udpFrame({ ...frame, toPort: port, toMac, fromMac }).toString('hex'))
        .join('\n');
      const arrived = await numbers(async () => {
        bed.must('client', frameSender, lines);
        await pause(0);
      });
      // A datagram too short for a number is reported as minus its length minus one.
      expect(arrived).toEqual([11, 13, 15, -4, -1]);
    });

    test('an odd number arrives behind one VLAN tag and behind two, an even one does not', async () => {
      // Looked at from a packet socket: kernels without VLAN devices can play too.
      const sniffer = bed.start('server', [
        'python3',
        '-uc',
        `import socket,time
s=socket.socket(socket.AF_PACKET,socket.SOCK_RAW,socket.htons(3)); s.bind(('eth0',0)); s.settimeout(30); print('ready')
try:
    while True:
        frame=s.recv(2000); at=frame.find(b'TAGGED')
        if at>=0: print(int.from_bytes(frame[at-4:at],'little')); s.settimeout(1)
except TimeoutError: pass`,
      ]);
      await sniffer.said(/^ready$/);
      const addressed = { toPort: port, toMac: bed.mac('server'), fromMac: bed.mac('client') };
      const lines = [31, 32, 33].flatMap((number) =>
        [[0x8100], [0x88a8, 0x8100]].map((tags) =>
          udpFrame({ ...addressed, tags, payload: Buffer.concat([u32(number), Buffer.from('TAGGED')]) }).toString(
            'hex',
          ),
        ),
      );
      bed.must('client', frameSender, lines.join('\n'));
      await sniffer.ended;
      expect(sniffer.lines.slice(1)).toEqual(['31', '31', '33', '33']);
    });

    test('a fragmented datagram is judged by its number, whole or not at all', async () => {
      const script = `
import socket
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)
for number in (21,22,23):
    s.sendto(number.to_bytes(4,'little')+bytes(4000),('10.9.0.1',${port}))
`;
      const arrived = await numbers(async () => {
        bed.must('client', ['python3', '-c', script]);
        await pause(100);
      });
      expect(arrived).toEqual([21, 23]);
    });

    test('ping, ARP, IPv6, TCP and other UDP ports are untouched', async () => {
      expect(bed.run('client', ['ping', '-c20', '-i0.01', '-W2', '10.9.0.1']).stdout).toContain(' 20 received');
      expect(bed.run('client', ['ping', '-c20', '-i0.01', '-W2', 'fd00::1']).stdout).toContain(' 20 received');
      bed.must('client', ['ip', 'neigh', 'del', '10.9.0.1', 'dev', 'eth0']);
      expect(bed.run('client', ['ping', '-c2', '-i0.1', '-W2', '10.9.0.1']).stdout).toContain(' 2 received');
      const server = bed.start('server', [
        'python3',
        '-uc',
        `import socket,hashlib
u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); u.bind(('0.0.0.0',50003)); u.settimeout(10)
t=socket.create_server(('0.0.0.0',7777)); print('ready')
print(sum(u.recv(100)[0]%2==0 for _ in range(100)))
c,_=t.accept(); h=hashlib.sha256(); n=0
while d:=c.recv(65536): h.update(d); n+=len(d)
print(n,h.hexdigest())`,
      ]);
      await server.said(/^ready$/);
      bed.must('client', [
        'python3',
        '-c',
        `import socket,hashlib,time
u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)
for i in range(100): u.sendto((2*i).to_bytes(4,'little'),('10.9.0.1',50003)); time.sleep(0.0005)
c=socket.create_connection(('10.9.0.1',7777)); data=bytes(range(256))*20000; c.sendall(data); c.close()`,
      ]);
      await server.ended;
      const data = Buffer.alloc(5_120_000, Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
      expect(server.lines.slice(1)).toEqual(['100', `5120000 ${createHash('sha256').update(data).digest('hex')}`]);
    });
  });

  test('without the filter all numbers arrive', async () => {
    expect(await numbers(() => send(10_000))).toEqual(upTo(10_000, 1, 0));
  });

  test('attaching and detaching in mid-stream loses nothing that had to arrive', async () => {
    const arrived = await numbers(async () => {
      const sending = send(6000, { perMs: 2 });
      for (let i = 0; i < 3; i++) {
        bed.mustTrireme('server', 'xdp', 'attach', 'parity', '--iface', 'eth0');
        await pause(150);
        bed.mustTrireme('server', 'xdp', 'detach', '--iface', 'eth0');
        await pause(150);
      }
      await sending;
    });
    expect(arrived.filter((number) => number % 2 === 1)).toEqual(upTo(6000, 2, 1));
    const even = arrived.filter((number) => number % 2 === 0).length;
    expect(even).toBeGreaterThan(300);
    expect(even).toBeLessThan(2990);
  });

  test('trace writes a line for each number while it is on, and none before or after', async () => {
    bed.mustTrireme('server', 'xdp', 'attach', 'parity', '--iface', 'eth0');
    try {
      await send(4, { first: 900 });
      const trace = bed.startTrireme('server', 'xdp', 'trace');
      await pause(1500);
      await send(4, { first: 100 });
      await until(() => trace.lines.length >= 4, { timeoutMs: 3000, what: () => `lines: ${trace.errors.join()}` });
      const finished = await trace.stop();
      expect(finished.code).toBe(0);
      await send(4, { first: 500 });
      expect(trace.lines.map((line) => line.replace(/^.*: /, ''))).toEqual([
        '100 is even, dropped',
        '101 is odd, passed',
        '102 is even, dropped',
        '103 is odd, passed',
      ]);
    } finally {
      bed.mustTrireme('server', 'xdp', 'detach', '--iface', 'eth0');
    }
  });

  test('udp-server and udp-client play the lab by themselves', async () => {
    const server = bed.startTrireme('server', 'udp-server', '--xdp', 'eth0');
    await server.said(/listening/);
    bed.mustTrireme('client', 'udp-client', '--to', `10.9.0.1:${port}`, '--count', '10', '--interval-ms', '2');
    await until(() => server.lines.length >= 5, { timeoutMs: 3000, what: () => 'five numbers' });
    const { code, stdout, stderr } = await server.stop();
    expect(code).toBe(0);
    expect(stdout.replaceAll(/ from .*/g, '')).toBe('1\n3\n5\n7\n9\n');
    expect(stderr).toMatch(/^5 numbers: 5 odd, 0 even$/m);
    expect(bed.leftovers()).toEqual([]);
  });
});
