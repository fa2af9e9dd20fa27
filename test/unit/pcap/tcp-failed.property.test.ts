import fc from 'fast-check';

import { findingsOf } from '../../../src/pcap/tcp-findings.js';
import { classicCapture, etherFrame, ipv4, ipv6, join, net, u8, zeros } from '../../support/capture-builder.js';
import { address4, address6 } from '../../support/capture-builder/packets.js';
import { scanWhole, scanOptions, reportOptions } from '../../support/engine.js';
import { sumFailed, type FailedAttempt } from '../../support/failed-attempts.js';
import { holds } from '../../support/property.js';

const syn = 2;
const rst = 4;

/** One attempt: who asks whom, and whether it is refused, answered or neither. */
const attempt = fc.record({
  six: fc.boolean(),
  client: fc.nat({ max: 6 }),
  server: fc.nat({ max: 6 }),
  port: fc.nat({ max: 12 }),
  end: fc.constantFrom('refused', 'answered', 'nothing'),
});
type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never;

/** Clients have addresses below and above those of servers, so that a client is either end. */
function packetsOf({ six, client, server, port, end }: Attempt, number: number): { bytes: Uint8Array }[] {
  const address = six ? address6 : address4;
  const ends = [address(client % 2 === 0 ? 10 + client : 900 + client), address(500 + server)];
  const segment = (from: 0 | 1, flags: number): { bytes: Uint8Array } => {
    const ports = [net.u16(20_000 + number), net.u16(port + 1)];
    const numbers = join(ports[from], ports[1 - from], net.u32(1), net.u32(from));
    const payload = join(numbers, u8(0x50, flags), net.u16(9), zeros(4));
    const packet = { source: ends[from], target: ends[1 - from], protocol: 6, payload };
    return { bytes: etherFrame(six ? 0x86dd : 0x0800, six ? ipv6(packet) : ipv4(packet)) };
  };
  const answer = end === 'refused' ? [segment(1, rst | 16)] : end === 'answered' ? [segment(1, syn | 16)] : [];
  return [segment(0, syn), ...answer];
}

test('the largest of those who asked in vain and who refused are those of all conversations added up', () => {
  holds(
    fc.array(attempt, { maxLength: 150, size: 'max' }),
    (attempts) => {
      const file = classicCapture(attempts.flatMap(packetsOf));
      const report = scanWhole(file, { ...scanOptions, tcp: true }, undefined, { ...reportOptions, top: 1000 });
      if (report.error !== null) throw new Error(report.error);
      const failed = [...report.top]
        .map(({ a, b, tcp }): FailedAttempt => {
          const [client, server] = tcp!.client === 'a' ? [a, b] : [b, a];
          return { client, server, refused: Number(tcp!.refused), unanswered: Number(tcp!.unanswered) };
        })
        .filter(({ refused, unanswered }) => refused + unanswered > 0);
      const trouble = { resent: [], stopped: [], torn: [], slow: [], failed: sumFailed(failed) };
      const kinds = ['refused', 'unanswered', 'tried'];
      const told = report.tcp!.findings.filter(({ kind }) => kinds.includes(kind));
      const expected = findingsOf(report.tcp!, trouble, null, false);
      expect(told).toEqual(expected.filter(({ kind }) => kinds.includes(kind)));
    },
    200,
  );
});
