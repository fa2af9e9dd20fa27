import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { eventually } from '../support/capture-cluster.js';
import { runTrireme, triremePath } from '../support/run-trireme.js';

/** Time for four roles to start on a loaded machine. */
const startMsMax = 45_000;

function startUp(): ChildProcess {
  return spawn(process.execPath, [triremePath, 'up', '--free-ports'], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** What it has printed when all of it runs. */
async function running(up: ChildProcess): Promise<string> {
  let printed = '';
  let logged = '';
  up.stderr?.on('data', (data: Buffer) => (logged += data.toString()));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`up never said that it runs:\n${printed}\n${logged}`)), startMsMax);
    up.stdout?.on('data', (data: Buffer) => {
      printed += data.toString();
      if (!printed.includes('Ctrl-C ends everything.')) return;
      clearTimeout(timer);
      resolve();
    });
    up.once('exit', () => reject(new Error(`up ended:\n${logged}`)));
  });
  return printed;
}

test('up prints where its live pages are, serves them, and ends whole on Ctrl-C', async () => {
  const up = startUp();
  try {
    const printed = await running(up);
    const pages = /^live pages +(\S+) +(\S+)$/m.exec(printed)!.slice(1);
    for (const page of pages) {
      const answer = await fetch(page);
      expect([page, answer.status, answer.headers.get('content-type')]).toEqual([
        page,
        200,
        expect.stringContaining('text/html'),
      ]);
    }
    const hub = /--lb (\S+)$/m.exec(printed.slice(printed.indexOf('\nworkers')))![1];
    expect((await runTrireme(['top', '--lb', hub, '--once', '--interval', '100ms'])).stdout).toContain('2 workers');
    const ended = once(up, 'exit');
    up.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    await expect(fetch(pages[0])).rejects.toThrow();
  } finally {
    up.kill('SIGTERM');
  }
});

test('a second signal ends up and all that it has started', async () => {
  const up = startUp();
  const printed = await running(up);
  const pages = /^live pages +(\S+) +(\S+)$/m.exec(printed)!.slice(1);
  const ended = once(up, 'exit');
  up.kill('SIGTERM');
  up.kill('SIGINT');
  expect(await ended).toEqual([1, null]);
  await eventually('the end of both', async () => {
    const answers = await Promise.allSettled(pages.map((page) => fetch(page)));
    return answers.every(({ status }) => status === 'rejected');
  });
});

test('demo ends by saying what it showed and where to look', async () => {
  const { code, stdout } = await runTrireme(['demo']);
  expect(code).toBe(0);
  const [, end] = stdout.split('\nShown: ');
  expect(end).toMatch(/^one capture counted on one core, on all cores and by a master/);
  for (const place of ['bin/trireme up', 'http://127.0.0.1:9100/', 'docs/TUTORIAL.md']) expect(end).toContain(place);
  const report = /^ {2}(\/\S+\.html)$/m.exec(end)![1];
  expect(readFileSync(report, 'utf8')).toContain('"packets":1043');
});

test('a port of gRPC that is taken is told in the words of the system', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const grpc = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
  try {
    const ran = await runTrireme(['lb', '--tcp', '127.0.0.1:0', '--grpc', grpc, '--admin', '127.0.0.1:0']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(
      `trireme: cannot listen on ${grpc}: listen EADDRINUSE: address already in use ${grpc}\n`,
    );
  } finally {
    taken.close();
  }
});
