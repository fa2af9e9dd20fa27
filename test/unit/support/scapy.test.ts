import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { adversarial, classicCapture, zeros } from '../../support/capture-builder.js';
import { oracleResult, type OracleFacts } from '../../support/oracle/index.js';

/** Prints the packets and captured bytes of each file named. */
const counter = `
import json, sys
from scapy.utils import RawPcapReader
rows = []
for name in sys.argv[1:]:
    sizes = [len(data) for data, _ in RawPcapReader(name)]
    rows.append([len(sizes), sum(sizes)])
print(json.dumps(rows))
`;

// Debian's own Python first: another one on PATH may not see Debian's packages.
const python = ['/usr/bin/python3', 'python3'].find(
  (candidate) => spawnSync(candidate, ['-c', 'import scapy.utils'], { stdio: 'ignore' }).status === 0,
);
if (python === undefined) console.log('SKIP: python3 with scapy is not installed (Debian: python3-scapy)');

const frames = [0, 1, 2].map((i) => ({ bytes: adversarial.segment(i, zeros(10 * i)) }));
const captures: Record<string, Uint8Array> = {
  'little.pcap': classicCapture(frames),
  'big.pcap': classicCapture(frames, { order: 'big' }),
  'nanoseconds.pcap': classicCapture(frames, { nanoseconds: true }),
  'nanoseconds-big.pcap': classicCapture(frames, { nanoseconds: true, order: 'big' }),
  'empty.pcap': classicCapture([]),
  'plain.pcap': adversarial.plain(100),
  'inside.pcap': adversarial.capturesInside(5, 20),
  'segments.pcap': adversarial.captureInSegments(50, 99),
  'chain.pcap': adversarial.chainAcrossPackets(30, 300),
  // No larger packets: scapy keeps at most 65,535 bytes of each.
  'huge.pcap': adversarial.hugePackets(5, 65_000, true),
  'plain.pcapng': adversarial.plainPcapng(40),
  'blocks-inside.pcapng': adversarial.blocksInside(5, 9),
};

(python !== undefined ? test : test.skip)('scapy counts the same packets and bytes in built captures', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trireme-scapy-'));
  try {
    const paths = Object.entries(captures).map(([name, bytes]) => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    });
    const rows = JSON.parse(execFileSync(python!, ['-c', counter, ...paths], { encoding: 'utf8' })) as number[][];
    const theirs = Object.fromEntries(Object.keys(captures).map((name, i) => [name, rows[i]]));
    const ours = Object.fromEntries(
      Object.entries(captures).map(([name, bytes]) => {
        const { packets, captured_bytes } = oracleResult(bytes) as OracleFacts;
        return [name, [packets, captured_bytes]];
      }),
    );
    expect(theirs).toEqual(ours);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
