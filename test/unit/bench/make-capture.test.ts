import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeCold } from '../../../bench/captures/cold.js';
import { writeRepeated } from '../../../bench/captures/repeat.js';
import { captureFiles, readTemplate } from '../../../bench/captures/template.js';
import { projectRoot } from '../../../src/common/version.js';
import { oracleResult, type OracleFacts } from '../../support/oracle/index.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trireme-make-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const sample = join(projectRoot, 'captures/sample.pcap');
const facts = (path: string): OracleFacts => oracleResult(readFileSync(path)) as OracleFacts;

test('a repeated capture has the conversations of the sample once for each distinct repetition', () => {
  const once = facts(sample);
  const path = join(folder, 'repeated.pcap');
  writeRepeated(path, readTemplate([sample]), 5 * once.captured_bytes + 5 * 16 * once.packets, 3);
  const repeated = facts(path);
  expect(repeated).toMatchObject({ error: null, truncated: false, packets: 5 * once.packets });
  expect(repeated.ipv6_tcp).toBe(5 * once.ipv6_tcp);
  expect(repeated.conversations).toBe(3 * once.conversations);
  const span = (of: OracleFacts): bigint => BigInt(of.last_ns ?? 0) - BigInt(of.first_ns ?? 0);
  expect(span(repeated)).toBeGreaterThan(4n * span(once));
});

test('the size asked for is passed by less than one packet', () => {
  const path = join(folder, 'sized.pcap');
  writeRepeated(path, readTemplate([sample]), 1_000_000, 64);
  const { length } = readFileSync(path);
  expect(length).toBeGreaterThanOrEqual(1_000_000);
  expect(length).toBeLessThan(1_000_000 + 16 + 1514 + 24);
  expect(facts(path)).toMatchObject({ truncated: false, error: null });
});

test('a cold capture holds exactly the conversations asked for', () => {
  const path = join(folder, 'cold.pcap');
  writeCold(path, 1_000_000, 5000);
  expect(facts(path)).toMatchObject({ conversations: 5000, error: null, truncated: false });
});

test('folders are searched for captures, in the order of their names', () => {
  for (const name of ['b.pcap', 'a.pcapng', 'notes.txt']) writeFileSync(join(folder, name), '');
  expect(captureFiles([folder, sample])).toEqual([join(folder, 'a.pcapng'), join(folder, 'b.pcap'), sample]);
});
