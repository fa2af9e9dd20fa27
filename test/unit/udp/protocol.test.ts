import {
  decodeJob,
  decodeNumber,
  decodeResult,
  encodeHello,
  encodeNumber,
  encodeResult,
  isHandlePort,
} from '../../../src/udp/protocol.js';
import { ipv4Prefix } from '../../../src/udp/config-bytes.js';
import { traceText } from '../../../src/udp/trace.js';

describe("the labs' datagrams", () => {
  test.each([0, 1, 0xff, 0x01020304, 0xffffffff])('%i is a little-endian u32 and comes back', (number) => {
    expect(decodeNumber(encodeNumber(number))).toBe(number);
    expect(decodeJob(encodeNumber(number))).toBe(number);
  });

  test('the lowest byte comes first', () => {
    expect(encodeNumber(0x01020304).toString('hex')).toBe('04030201');
    expect(encodeResult({ sleepMs: 0x102, thread: 7 }).toString('hex')).toBe('0201000007000000');
    expect(encodeHello(255).toString('hex')).toBe('ff');
  });

  test('a number may be followed by more, a job and a result may not', () => {
    expect(decodeNumber(Buffer.alloc(5))).toBe(0);
    expect(decodeNumber(Buffer.alloc(3))).toBeUndefined();
    expect([3, 5].map((bytes) => decodeJob(Buffer.alloc(bytes)))).toEqual([undefined, undefined]);
    expect([7, 9].map((bytes) => decodeResult(Buffer.alloc(bytes)))).toEqual([undefined, undefined]);
    expect(decodeResult(encodeResult({ sleepMs: 5, thread: 6 }))).toEqual({ sleepMs: 5, thread: 6 });
  });

  test('handle ports are 16384 to 32767', () => {
    expect([16383, 16384, 32767, 32768].map(isHandlePort)).toEqual([false, true, true, false]);
  });
});

describe('what users write and the kernel prints', () => {
  test('a prefix is an address and up to 32 bits', () => {
    expect(ipv4Prefix('10.0.0.0/8')).toEqual({ address: '10.0.0.0', bits: 8 });
    expect(ipv4Prefix('10.0.0.1')).toEqual({ address: '10.0.0.1', bits: 32 });
    for (const wrong of ['10.0.0/8', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'fd00::/8', ''])
      expect(() => ipv4Prefix(wrong)).toThrow(/is not an IPv4 prefix/);
  });

  test('a trace line counts when it is of this program in this namespace', () => {
    const line =
      '  <idle>-0  [001] ..s2. 77.1: bpf_trace_printk: trireme parity netns=4026532317 if=2: 4 is even, dropped';
    const text = 'trireme parity netns=4026532317 if=2: 4 is even, dropped';
    expect(traceText(line, { program: 'parity', netns: 4026532317 })).toBe(text);
    expect(traceText(line, { program: 'parity', netns: 1 })).toBeUndefined();
    expect(traceText(line, { program: 'lb', netns: 4026532317 })).toBeUndefined();
    expect(traceText('', { program: 'lb', netns: 1 })).toBeUndefined();
  });
});
