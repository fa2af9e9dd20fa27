import { linkKey, parseLinks } from '../../../src/lb/link-facts.js';

/** Lines of `ss -tinOH` from iproute2 6.1 and 5.10. */
const one =
  '0      4096   10.213.8.2:7000 10.213.8.1:36870 bbr wscale:7,10 rto:252 rtt:50.395/25.197 ato:40 mss:524 pmtu:576 ' +
  'rcvmss:524 advmss:524 cwnd:10 bytes_sent:4096 retrans:1/5 unacked:8 rcv_ssthresh:65012 minrtt:50.395 snd_wnd:65536';
const other =
  'ESTAB 0      0      [::ffff:192.0.2.1]:13337      [::ffff:198.51.100.7]:50000 cubic wscale:7,7 rto:204 rtt:0.05/0.02 mss:1448 cwnd:4';

describe('links', () => {
  test('the facts of each connection are read, by the other end', () => {
    const links = parseLinks(`${one}\n${other}\nend 0\n`);
    expect([...links.keys()]).toEqual([linkKey('10.213.8.1', 36870), linkKey('::ffff:198.51.100.7', 50000)]);
    expect(links.get(linkKey('10.213.8.1', 36870))).toEqual({
      unacknowledgedBytes: 4096,
      segmentBytes: 524,
      roundTripMs: 50.395,
      congestionWindow: 10,
      receiverWindowBytes: 65536,
      windowUnitBytes: 128,
      retransmissions: 5,
    });
    expect(links.get(linkKey('::ffff:198.51.100.7', 50000))).toMatchObject({
      receiverWindowBytes: Infinity,
      retransmissions: 0,
    });
  });

  test('a scope of an IPv6 address makes no difference', () => {
    expect(linkKey('fe80::1%eth0', 5)).toBe(linkKey('fe80::1', 5));
    const scoped = other.replaceAll('::ffff:198.51.100.7', 'fe80::1%eth0');
    expect([...parseLinks(scoped).keys()]).toEqual([linkKey('fe80::1', 50000)]);
  });

  test('lines of another form are left out', () => {
    expect(parseLinks('').size).toBe(0);
    expect(parseLinks('Error: argument "x" is wrong\nend 255\n').size).toBe(0);
    expect(parseLinks('0 0 10.0.0.1:1 10.0.0.2:2 cubic').size).toBe(0);
  });
});
