import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { projectRoot } from '../../src/common/version.js';
import { runTrireme, triremePath, type Ran } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { fivePackets, manyPackets, smallCapture } from '../support/small-capture.js';

const scratch = scratchFolder();
const sample = join(projectRoot, 'captures', 'sample.pcap');
const capture = smallCapture(fivePackets);

/**
 * Analyses a pipe into which the capture was written and that stays open; resolves `said` when stderr or stdout has it.
 */
function onOpenPipe(
  args: readonly string[],
  meanwhile: (child: {
    write(bytes: Uint8Array): void;
    kill(signal: NodeJS.Signals): void;
    end(): void;
    said(text: RegExp): Promise<void>;
  }) => Promise<void>,
  input: Uint8Array = capture,
): Promise<Ran> {
  let acted: Promise<void> = Promise.resolve();
  const ran = runTrireme(['analyze', ...args, '-'], {
    meanwhile: (child) => {
      let text = '';
      const hear = (piece: string): void => void (text += piece);
      child.stdout!.on('data', hear);
      child.stderr!.on('data', hear);
      child.stdin!.write(input);
      acted = meanwhile({
        write: (bytes) => void child.stdin!.write(bytes),
        kill: (signal) => void child.kill(signal),
        end: () => void child.stdin!.end(),
        said: async (wanted) => {
          while (!wanted.test(text)) await sleep(20);
        },
      });
    },
  });
  return Promise.all([ran, acted]).then(([result]) => result);
}

// --every tells that the process reads: only then does a signal find the handler.
const soFar = ['--every', '100ms'];

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the first %s is the end of a pipe, and what came is told',
  async (signal) => {
    const ran = await onOpenPipe(soFar, async (child) => {
      await child.said(/Total number of packets: 5/);
      child.kill(signal);
    });
    expect(ran).toMatchObject({ code: 0, signal: null });
    expect(ran.stderr).toContain(`${signal}: what has come of standard input is counted`);
    expect(ran.stdout.match(/Total number of packets: 5\n/g)).toHaveLength(2);
  },
);

test('after an interrupt a record that is not whole is left out and said, and is no failure', async () => {
  const ran = await onOpenPipe([...soFar, '--json'], async (child) => {
    await child.said(/"packets": ?5/);
    child.write(capture.subarray(24, 50));
    child.kill('SIGINT');
  });
  expect(ran).toMatchObject({ code: 0, signal: null });
  expect(ran.stderr).toContain('-: was interrupted within a record, which is left out; complete records are counted');
  expect(ran.stdout.slice(ran.stdout.lastIndexOf('"schemaVersion"'))).toContain('"interrupted": true');
  // Without a signal it stays a cut.
  expect(await runTrireme(['analyze', '-q', '-'], { stdin: capture.subarray(0, -3) })).toMatchObject({ code: 1 });
});

test('a packed stream may end anywhere too when it was interrupted', async () => {
  const packed = gzipSync(smallCapture(manyPackets(50_000)));
  const half = packed.subarray(0, packed.length / 2);
  const ran = await onOpenPipe(
    [...soFar, '--json'],
    async (child) => {
      await child.said(/"packets": ?[1-9]/);
      child.kill('SIGINT');
    },
    half,
  );
  expect(ran).toMatchObject({ code: 0, signal: null });
  expect(ran.stderr).toContain('was interrupted within a record');
});

test('what the writer of a pipe has left to write when both are interrupted is counted too', async () => {
  const more = smallCapture(fivePackets).subarray(24);
  const ran = await runTrireme(['analyze', '-'], {
    meanwhile: (child) => {
      void (async () => {
        let text = '';
        child.stderr!.on('data', (piece: string) => (text += piece));
        // More than a pipe holds: once all of it is written it is being read, and signals are heard.
        child.stdin!.write(smallCapture(manyPackets(50_000)));
        while (child.stdin!.writableLength > 0) await sleep(20);
        child.kill('SIGINT');
        while (!text.includes('SIGINT')) await sleep(20);
        child.stdin!.end(more);
      })();
    },
  });
  expect(ran).toMatchObject({ code: 0 });
  expect(ran.stdout).toContain('Total number of packets: 50005\n');
});

test('the second signal ends at once', async () => {
  const ran = await onOpenPipe(soFar, async (child) => {
    await child.said(/Total number of packets: 5/);
    child.kill('SIGINT');
    await child.said(/SIGINT: what has come/);
    child.kill('SIGINT');
  });
  expect(ran.signal).toBe('SIGINT');
});

test('--every tells the result so far of a pipe that is held open, in each form, and the last one is as without it', async () => {
  const html = join(scratch.path, 'now.html');
  for (const form of [['--json'], ['--csv', 'summary'], ['--html', html]]) {
    const first =
      form[0] === '--json' ? /"packets": ?5/ : form[0] === '--csv' ? /-,pcap/ : /Total number of packets: 5/;
    const ran = await onOpenPipe([...form, ...soFar], async (child) => {
      await child.said(first);
      child.end();
    });
    const plain = await runTrireme(['analyze', ...form, '-'], { stdin: capture });
    expect(ran.code).toBe(0);
    expect(ran.stdout.endsWith(plain.stdout)).toBe(true);
    expect(ran.stdout.length).toBeGreaterThan(plain.stdout.length);
  }
});

test('--every is for standard input alone', async () => {
  expect(await runTrireme(['analyze', '--every', '1s', sample])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      "--every tells the result so far of standard input, on this machine: it goes with '-' alone",
    ),
  });
});

test('a file as standard input is read as the file itself, on one core and on all', async () => {
  const named = await runTrireme(['analyze', '--json', sample]);
  for (const args of [[], ['--multi', '--thread-bytes', '100000']]) {
    const shell = `exec "$0" "$@" < ${sample}`;
    const command = ['-c', shell, process.execPath, triremePath, 'analyze', '--json', ...args, '-'];
    const redirected = execFileSync('sh', command, { encoding: 'utf8' });
    expect(redirected).toBe(named.stdout.replace(`"file": "${sample}"`, '"file": "-"'));
  }
  // Not from where somebody else has read up to.
  const behind = `(head -c 24 > /dev/null; exec "$0" "$@") < ${sample}`;
  expect(() =>
    execFileSync('sh', ['-c', behind, process.execPath, triremePath, 'analyze', '--json', '-'], { stdio: 'pipe' }),
  ).toThrow();
});
