import { parityConfigBytes } from '../../src/udp/config-bytes.js';
import { Bed, describeWithKernel } from './support/bed.js';
import { u32, udpFrame, type FrameOptions } from './support/frames.js';
import { ProgramUnderTest } from './support/program-under-test.js';

const port = 50001;

/** One frame, its verdict, the counter that moves, and the fact that it shows. */
const fixtures: readonly [string, Omit<FrameOptions, 'toPort'> & { toPort?: number }, 'DROP' | 'PASS', string][] = [
  ['an even number is dropped', { payload: u32(4) }, 'DROP', 'even'],
  ['an odd number passes', { payload: u32(5) }, 'PASS', 'odd'],
  ['zero is even', { payload: u32(0) }, 'DROP', 'even'],
  ['the largest number is odd', { payload: u32(0xffffffff) }, 'PASS', 'odd'],
  ['the number is little-endian', { payload: Buffer.of(1, 0, 0, 0) }, 'PASS', 'odd'],
  ['a big-endian 1 is even', { payload: Buffer.of(0, 0, 0, 1) }, 'DROP', 'even'],
  ['bytes behind an odd number do not matter', { payload: Buffer.of(3, 0, 0, 0, 2, 2) }, 'PASS', 'odd'],
  ['bytes behind an even number do not matter', { payload: Buffer.of(2, 0, 0, 0, 1) }, 'DROP', 'even'],
  ['three bytes are no number', { payload: Buffer.of(2, 0, 0), padTo: 60 }, 'PASS', 'no_number'],
  ['an empty datagram padded with zeros is no 0', { padTo: 60 }, 'PASS', 'no_number'],
  ['a UDP length that cuts the number leaves none', { payload: u32(2), udpLength: 11 }, 'PASS', 'no_number'],
  ['another port passes', { payload: u32(2), toPort: 50003 }, 'PASS', 'other'],
  ['TCP passes', { payload: u32(2), protocol: 6 }, 'PASS', 'other'],
  ['IPv6 passes', { payload: u32(2), etherType: 0x86dd }, 'PASS', 'other'],
  ['ARP passes', { payload: u32(2), etherType: 0x0806 }, 'PASS', 'other'],
  ['a later fragment passes', { payload: u32(2), fragment: 0x2010 }, 'PASS', 'fragment'],
  ['the last fragment passes', { payload: u32(2), fragment: 0x0010 }, 'PASS', 'fragment'],
  ['the first fragment has the number', { payload: u32(2), fragment: 0x2000 }, 'DROP', 'even'],
  ['IPv4 options do not hide an even number', { payload: u32(6), optionBytes: 4 }, 'DROP', 'even'],
  ['forty bytes of options do not either', { payload: u32(6), optionBytes: 40 }, 'DROP', 'even'],
  ['an odd number passes behind options', { payload: u32(7), optionBytes: 24 }, 'PASS', 'odd'],
  ['an odd number passes behind a VLAN tag', { payload: u32(7), tags: [0x8100] }, 'PASS', 'odd'],
  ['an odd number passes behind two', { payload: u32(7), tags: [0x88a8, 0x8100] }, 'PASS', 'odd'],
  ['an even number is dropped behind a VLAN tag', { payload: u32(8), tags: [0x8100] }, 'DROP', 'even'],
  ['an odd number passes behind three tags', { payload: u32(7), tags: [0x8100, 0x8100, 0x8100] }, 'PASS', 'other'],
];

describeWithKernel('parity filter, packet by packet', () => {
  let bed: Bed;
  let program: ProgramUnderTest;

  beforeAll(async () => {
    bed = await Bed.make([]);
    program = new ProgramUnderTest(bed, 'udp_parity', 'parity', parityConfigBytes({ port, trace: false, netns: 0 }));
  });
  afterAll(() => bed.end());

  test.each(fixtures)('%s', (_, options, verdict, counter) => {
    const frame = udpFrame({ toPort: port, ...options });
    const outcome = program.run(frame);
    expect(outcome).toEqual({ verdict, frame, moved: { [counter]: 1 } });
  });

  test('a frame cut at any byte is passed, and one counter moves', () => {
    const frame = udpFrame({ toPort: port, payload: u32(2), optionBytes: 4, tags: [0x8100] });
    // The kernel takes no test frame shorter than an Ethernet header.
    for (const bytes of [14, 16, 18, 22, 37, 41, 42, 49, 50, 53])
      expect(program.run(frame.subarray(0, bytes))).toMatchObject({ verdict: 'PASS' });
  });

  test('a million packets move a counter by a million', () => {
    expect(program.run(udpFrame({ toPort: port, payload: u32(2) }), 1_000_000).moved).toEqual({ even: 1_000_000 });
    expect(program.run(udpFrame({ toPort: port, payload: u32(3) }), 1_000_000).moved).toEqual({ odd: 1_000_000 });
  });
});
