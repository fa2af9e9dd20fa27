import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();
const common = join(__dirname, '..', '..', '..', 'src', 'common');

/** Runs a process that awaits signals with runUntilSignal, sends it some, and tells how it ended. */
async function ended(
  script: string,
  signals: readonly NodeJS.Signals[],
): Promise<{ code: number | null; signal: string | null; log: string }> {
  const before = `
    const { runUntilSignal } = require(${JSON.stringify(join(common, 'lifecycle.js'))});
    const { endsWithin, markStuck } = require(${JSON.stringify(join(common, 'stuck-work.js'))});
    const say = (facts, text) => process.stdout.write((text ?? facts) + '\\n');
    const log = { info: say, warn: say, error: say };
    const held = () => require('node:fs').open(${JSON.stringify(join(scratch.path, 'fifo'))}, 'r', () => undefined);
    const alive = setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['-e', `${before}${script}${script.includes("'up'") ? '' : "say('up');"}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
  let log = '';
  for await (const text of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
    const seen = log.split('\n').length;
    log += text;
    if (seen === 1 && signals.length > 0) child.kill(signals[0]);
    if (log.includes('draining') && signals.length > 1) {
      child.kill(signals[1]);
      signals = [];
    }
  }
  const [code, signal] = await exit;
  return { code, signal, log };
}

beforeAll(() => execFileSync('mkfifo', [join(scratch.path, 'fifo')]));

test('a role that has drained ends with exit code 0', async () => {
  const { code, log } = await ended(`runUntilSignal(log, 1000, async () => clearInterval(alive));`, ['SIGTERM']);
  expect([code, log]).toEqual([0, 'up\ndraining\nended\n']);
});

test('a second signal ends it at once with exit code 1', async () => {
  const script = `runUntilSignal(log, 60000, () => new Promise((resolve) => setTimeout(resolve, 60000)));`;
  expect(await ended(script, ['SIGTERM', 'SIGINT'])).toMatchObject({ code: 1 });
});

test('the same signal twice at once is one, as of timeout, which gives it to a process and to its group', async () => {
  const script = `runUntilSignal(log, 1000, async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    clearInterval(alive);
  });`;
  expect(await ended(script, ['SIGINT', 'SIGINT'])).toEqual({ code: 0, signal: null, log: 'up\ndraining\nended\n' });
});

test('a role with a thread that waits for a file for ever ends by the signal', async () => {
  const known = `held(); const stuck = markStuck(); runUntilSignal(log, 1000, async () => clearInterval(alive));`;
  expect(await ended(known, ['SIGTERM'])).toMatchObject({ code: null, signal: 'SIGTERM' });
  const unknown = `held(); runUntilSignal(log, 1000, async () => clearInterval(alive));`;
  expect(await ended(unknown, ['SIGINT'])).toMatchObject({
    signal: 'SIGINT',
    log: 'up\ndraining\nended\nsomething does not end, left behind\n',
  });
});

test('so does one with such a thread of its own, whose end is waited for in vain', async () => {
  const script = `
    const { Worker } = require('node:worker_threads');
    const file = ${JSON.stringify(join(scratch.path, 'fifo'))};
    const thread = new Worker('const { parentPort, workerData } = require("node:worker_threads");' +
      'parentPort.postMessage("opens"); require("node:fs").openSync(workerData);', {
      eval: true, workerData: file });
    thread.on('message', () => setTimeout(() => say('up'), 200));
    runUntilSignal(log, 1000, async () => {
      clearInterval(alive);
      await endsWithin(300, thread.terminate());
    });`;
  expect(await ended(script, ['SIGTERM'])).toMatchObject({
    signal: 'SIGTERM',
    log: 'up\ndraining\nended\nfiles that do not answer are left behind\n',
  });
});

test('a drain that never ends is cut off some seconds after the grace time', async () => {
  const script = `runUntilSignal(log, 10, () => new Promise(() => undefined));`;
  expect(await ended(script, ['SIGTERM'])).toMatchObject({
    signal: 'SIGTERM',
    log: 'up\ndraining\nnot drained long after the grace time, ending at once\n',
  });
});
