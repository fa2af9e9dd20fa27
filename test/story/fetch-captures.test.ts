import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { projectRoot } from '../../src/common/version.js';
import { adversarial } from '../support/capture-builder.js';

const capture = Buffer.from(adversarial.plain(500));
let server: Server;
let folder: string;
let ranges: string[];
let body: Buffer;

beforeEach((done) => {
  folder = mkdtempSync(join(tmpdir(), 'trireme-fetch-'));
  ranges = [];
  body = capture;
  server = createServer((request, response) => {
    const range = request.headers.range ?? '';
    ranges.push(range);
    const from = Number(/bytes=(\d+)-/.exec(range)?.[1] ?? 0);
    const headers = { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` };
    response.writeHead(range ? 206 : 200, range ? headers : {}).end(body.subarray(from));
  }).listen(0, '127.0.0.1', done);
});

afterEach((done) => {
  rmSync(folder, { recursive: true });
  server.close(done);
  server.closeAllConnections();
});

/** Runs the script against the test's server (or another address) and resolves with its exit code and stderr. */
function fetchCaptures(port = (server.address() as AddressInfo).port): Promise<{ code: number; stderr: string }> {
  const env = {
    ...process.env,
    no_proxy: '127.0.0.1',
    TRIREME_CAPTURES_URL: `http://127.0.0.1:${port}`,
    TRIREME_CAPTURES_FETCHED: folder,
  };
  return new Promise((resolve) =>
    execFile(join(projectRoot, 'scripts/fetch-captures.sh'), { env }, (error, _, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stderr }),
    ),
  );
}

test('both captures are fetched once, and a part file is completed', async () => {
  writeFileSync(join(folder, 'bigFlows.pcap.part'), capture.subarray(0, 1000));
  expect(await fetchCaptures()).toMatchObject({ code: 0 });
  expect(ranges).toEqual(['', 'bytes=1000-']);
  expect(readFileSync(join(folder, 'smallFlows.pcap')).equals(capture)).toBe(true);
  expect(readFileSync(join(folder, 'bigFlows.pcap')).equals(capture)).toBe(true);
  expect(await fetchCaptures()).toMatchObject({ code: 0 });
  expect(ranges).toHaveLength(2);
});

test('what is no capture is refused', async () => {
  body = Buffer.from('<html>sign in to the network</html>');
  const { code, stderr } = await fetchCaptures();
  expect(code).toBe(1);
  expect(stderr).toContain('is no capture');
  expect(existsSync(join(folder, 'smallFlows.pcap'))).toBe(false);
});
