import {
  ipv4FromLe,
  lbConfigBytes,
  parityConfigBytes,
  portFromLe,
  type LbConfig,
} from '../../../src/udp/config-bytes.js';

const lb: LbConfig = {
  port: 50002,
  trace: true,
  netns: 0xf0000001,
  silentMs: 1000,
  graceMs: 2000,
  reapMs: 100,
  triesMax: 5,
  addresses: [],
  servers: { address: '0.0.0.0', bits: 0 },
};

describe('bytes of the config maps', () => {
  test('the filter has port, trace and namespace', () => {
    expect(parityConfigBytes({ port: 50001, trace: false, netns: 0xf0000001 }).toString('hex')).toBe(
      '51c30000010000f0',
    );
  });

  test('the balancer has its times in nanoseconds', () => {
    const bytes = lbConfigBytes(lb);
    expect(bytes).toHaveLength(64);
    expect(bytes.subarray(0, 8).toString('hex')).toBe('52c30100010000f0');
    expect([8, 16, 24].map((at) => bytes.readBigUInt64LE(at))).toEqual([1_000_000_000n, 2_000_000_000n, 100_000_000n]);
    expect(bytes.readUInt32LE(32)).toBe(5);
  });

  test('no address, or more than there is room for, means any', () => {
    expect(lbConfigBytes(lb).readUInt32LE(36)).toBe(1);
    const five = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'];
    expect(lbConfigBytes({ ...lb, addresses: five }).readUInt32LE(36)).toBe(1);
  });

  test('addresses are as on the wire, and the first fills what is unused', () => {
    const bytes = lbConfigBytes({ ...lb, addresses: ['10.1.2.3', '192.168.0.255'] });
    expect(bytes.readUInt32LE(36)).toBe(0);
    expect(bytes.subarray(40, 56).toString('hex')).toBe('0a010203c0a800ff0a0102030a010203');
  });

  test.each([
    ['0.0.0.0', 0, '00000000', '00000000'],
    ['10.1.2.3', 8, '0a000000', 'ff000000'],
    ['10.1.2.3', 31, '0a010202', 'fffffffe'],
    ['255.255.255.255', 32, 'ffffffff', 'ffffffff'],
  ])('the prefix %s/%i is net %s and mask %s', (address, bits, net, mask) => {
    const bytes = lbConfigBytes({ ...lb, servers: { address, bits } });
    expect([bytes.subarray(56, 60).toString('hex'), bytes.subarray(60).toString('hex')]).toEqual([net, mask]);
  });

  test('numbers that bpftool prints in the order of the machine read as addresses and ports', () => {
    expect(ipv4FromLe(0x0302010a)).toBe('10.1.2.3');
    expect(ipv4FromLe(0xff00a8c0)).toBe('192.168.0.255');
    expect(portFromLe(0x52c3)).toBe(50002);
  });
});
