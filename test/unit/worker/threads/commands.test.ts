import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { jobBatch, ThreadHarness } from '../../../support/thread-harness.js';
import { eventually } from '../../../support/capture-cluster.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();
let harness: ThreadHarness;
let kinds: Map<string, number>;
let jobs = 0;

/** Threads with these commands, one for each name: fields in YAML's flow style. */
async function withCommands(commands: Readonly<Record<string, object>>, slots = 1): Promise<void> {
  const folder = mkdtempSync(join(scratch.path, 'commands-'));
  const file = join(folder, 'commands.yaml');
  writeFileSync(
    file,
    JSON.stringify({ commands: Object.entries(commands).map(([name, more]) => ({ name, ...more })) }),
  );
  harness = new ThreadHarness({ slots, commandFiles: [file] });
  kinds = new Map((await harness.threads.start()).map(({ kind, name }) => [name, kind]));
}

afterEach(() => harness.threads.close());

const sh = (script: string): object => ({ argv: ['sh', '-c', script] });

/** Gives jobs of a kind; the numbers of the jobs. */
function give(name: string, payloads: readonly string[], timeoutSeconds = 0): number[] {
  const numbers = payloads.map(() => ++jobs);
  harness.threads.submit(1, jobBatch(numbers, kinds.get(name) as number, payloads, timeoutSeconds));
  return numbers;
}

/** What became of jobs of a kind with these payloads. */
async function run(name: string, ...payloads: string[]): Promise<string[]> {
  const outcomes = await harness.outcomes(1, give(name, payloads));
  return outcomes.map(({ status, payload }) => `${status} ${payload.toString()}`);
}

const lives = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

/** The pids that a command has written into a file of the scratch folder. */
async function pidsIn(name: string, count: number): Promise<number[]> {
  const file = join(scratch.path, name);
  const pids = (): number[] => (existsSync(file) ? readFileSync(file, 'utf8').trim().split(/\s+/).map(Number) : []);
  await eventually(`${count} processes`, () => Promise.resolve(pids().length >= count));
  return pids();
}

/** A command with two processes that heed no SIGTERM and write down their pids. */
const stubborn = (name: string, more: object = {}): object => ({
  ...sh(`trap '' TERM; echo $$ >> ${scratch.path}/${name}; sh -c 'trap "" TERM; echo $$ >> ${scratch.path}/${name}
    while :; do sleep 0.1; done' & while :; do sleep 0.1; done`),
  ...more,
});

const gone = (pids: readonly number[]): Promise<void> => eventually('the processes gone', () => !pids.some(lives));

describe('a process for each job', () => {
  test('is given the payload on standard input or in a file, and its output is the answer', async () => {
    await withCommands({
      UPPER: { argv: ['tr', 'a-z', 'A-Z'] },
      FILE: { argv: ['sh', '-c', 'cat "$1" - && stat -c %a "$1"', 'sh', '{payload}'] },
      WORDS: { argv: ['printf', '%s|', '$HOME', '; ls', '`id`', '{payload}'] },
      SILENT: { argv: ['true'] },
    });
    expect(await run('UPPER', 'abc\n', '', 'x'.repeat(100_000))).toEqual([
      'DONE ABC',
      'DONE ',
      `DONE ${'X'.repeat(100_000)}`,
    ]);
    expect(await run('FILE', 'in a file\n')).toEqual(['DONE in a file\n600']);
    // No shell reads the words of argv.
    const [words] = await run('WORDS', '$(id)');
    const [, file] = /^DONE \$HOME\|; ls\|`id`\|(\/[^|]*\/payload-\d+-\d+)\|$/.exec(words) ?? [];
    expect(readdirSync(dirname(file)).sort()).toEqual(['err', 'group', 'out']);
    expect(await run('SILENT', 'x'.repeat(200_000))).toEqual(['DONE ']);
  });

  test('whose payload cannot be written fails its job alone', async () => {
    await withCommands({ FILE: { argv: ['sh', '-c', 'echo $0; cat $0', '{payload}'], mayCopy: true } });
    const [place] = await run('FILE', '');
    // Somebody has the next file.
    writeFileSync(place.slice('DONE '.length).trim(), 'not a payload');
    const [failed, done] = await run('FILE', 'b', 'c');
    expect(failed).toMatch(/^FAILED could not be run: EEXIST/);
    expect(done).toMatch(/^DONE .*\nc$/);
  });

  test('may answer bytes, which are left as they are', async () => {
    await withCommands({ SAME: { argv: ['cat'], answers: 'bytes' } });
    expect(await run('SAME', 'a\n')).toEqual(['DONE a\n']);
  });

  test('has only the variables that are listed', async () => {
    process.env.TRIREME_WORKER_TOKEN = 'secret';
    await withCommands({ ENV: { argv: ['env'], environment: { A: 'b c', TRIREME_NO: null } } });
    delete process.env.TRIREME_WORKER_TOKEN;
    const [env] = await run('ENV', '');
    expect(env).toContain('A=b c');
    const names = env
      .slice(5)
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(['A', 'HOME', 'LANG', 'LC_ALL', 'PATH', 'TMPDIR', 'TZ']).toEqual(expect.arrayContaining(names));
  });

  test('that fails says its exit code or signal, and the end of its errors', async () => {
    await withCommands({
      FAILS: sh('echo early; seq 5000 >&2; echo no luck >&2; exit 3'),
      KILLED: sh('kill -SEGV $$'),
    });
    const [failed] = await run('FAILS', '');
    expect(failed).toMatch(/^FAILED its process ended with exit code 3: [^]*\n4999\n5000\nno luck$/);
    expect(failed.length).toBeLessThan(1_100);
    expect(await run('KILLED', '')).toEqual(['FAILED its process was ended by SIGSEGV (exit code 139)']);
  });

  test('that writes more than the answer may have is ended', async () => {
    await withCommands({
      YES: { argv: ['yes'], resultBytesMax: 1000 },
      TEN: { ...sh('head -c 1000 /dev/zero'), resultBytesMax: 1000 },
    });
    expect(await run('YES', '')).toEqual(['FAILED its answer is over 1000 bytes (resultBytesMax of its kind)']);
    expect((await run('TEN', ''))[0]).toHaveLength(1005);
  });

  test('leaves nothing of its group behind when it ends, and is not waited for by what it left', async () => {
    await withCommands({ LEAVING: sh(`sleep 600 & echo $! >> ${scratch.path}/left; echo done`) });
    expect(await run('LEAVING', '')).toEqual(['DONE done']);
    expect((await pidsIn('left', 1)).filter(lives)).toEqual([]);
  });
});

describe('a job that is ended', () => {
  test('by its time-out has failed, says so, and its processes are gone', async () => {
    await withCommands({ SLOW: stubborn('slow', { timeoutSeconds: 0.3 }), QUICK: { argv: ['cat'] } });
    expect(await run('SLOW', '')).toEqual([
      'FAILED a job of SLOW gave no answer within 0.3 s (timeoutSeconds of its kind), and its process was ended',
    ]);
    expect((await pidsIn('slow', 2)).filter(lives)).toEqual([]);
    // Its thread was not ended for it.
    expect(await run('QUICK', 'x')).toEqual(['DONE x']);
    expect(harness.deaths).toEqual([]);
  });

  test.each([
    [true, 'NOT_RUN CANCELLED: its process was ended'],
    [false, 'FAILED its process was ended; it may have run, and jobs of SLOW are not run twice (mayCopy)'],
  ])('by its client (mayCopy %s) ends its processes', async (mayCopy, told) => {
    const name = `cancelled-${String(mayCopy)}`;
    await withCommands({ SLOW: stubborn(name, { mayCopy }) });
    const [job] = give('SLOW', ['']);
    const pids = await pidsIn(name, 2);
    harness.threads.cancel(1, [job]);
    await gone(pids);
    const { status, payload } = await harness.outcome(1, job);
    expect(`${status} ${payload.toString()}`).toBe(told);
    expect(harness.deaths).toEqual([]);
  });

  test('is waited for no longer than its processes live, whoever collects them', async () => {
    // The second process is nobody's once the first has ended, and waits for an init that may take its time.
    const both = `sleep 600 & echo $$ $! >> ${scratch.path}/mild; wait`;
    await withCommands({ MILD: { ...sh(both), mayCopy: true } });
    const [job] = give('MILD', ['']);
    await pidsIn('mild', 2);
    harness.threads.cancel(1, [job]);
    await harness.outcome(1, job);
  });

  test('by the deadline of its client ends too', async () => {
    await withCommands({ SLOW: stubborn('deadline', { mayCopy: true }) });
    const [job] = give('SLOW', [''], 1);
    await gone(await pidsIn('deadline', 2));
    expect((await harness.outcome(1, job)).status).toBe('NOT_RUN');
  });

  test('by the end of the worker ends its processes, and no file is left', async () => {
    const files = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('trireme-worker-'));
    const before = files();
    await withCommands({
      SLOW: { ...stubborn('closed'), argv: [...(stubborn('closed') as { argv: string[] }).argv, '{payload}'] },
    });
    const payload = `payload of ${process.pid}`;
    const [job] = give('SLOW', [payload]);
    const pids = await pidsIn('closed', 2);
    // Others make and remove such folders at the same time.
    const holds = (name: string): boolean => spawnSync('grep', ['-rqxF', payload, join(tmpdir(), name)]).status === 0;
    const [folder] = files().filter((name) => !before.includes(name) && holds(name));
    expect(readdirSync(join(tmpdir(), folder))).toHaveLength(1);
    await harness.threads.close();
    expect(pids.filter(lives)).toEqual([]);
    expect((await harness.outcome(1, job)).status).toBe('FAILED');
    await eventually('the folder gone', () => Promise.resolve(!files().includes(folder)));
  });
});

/** A process that answers each line or frame; some of them it treats otherwise. */
const serving = (framing: string, more: object = {}): object => ({
  serve: framing,
  argv: [
    process.execPath,
    '-e',
    `
    const { appendFileSync } = require('node:fs');
    appendFileSync(${JSON.stringify(join(scratch.path, framing))}, process.pid + ' ');
    const { FramingReader, frameOf, aliveFrame } = require(${JSON.stringify(join(__dirname, '../../../../src/kinds/commands/framing.js'))});
    const reader = new FramingReader('${framing}', 1e6);
    const say = (text) => process.stdout.write('${framing}' === 'lines' ? text + '\\n' : frameOf(Buffer.from(text)));
    process.stdin.on('data', async (chunk) => {
      reader.push(chunk);
      for (let next = reader.next(); next !== null; next = reader.next()) {
        const text = next.bytes.toString();
        if (text === 'die') { console.error('no luck'); process.exit(7); }
        if (text === 'after') setTimeout(() => process.exit(0), 50);
        if (text === 'hang') continue;
        if (text === 'twice') say('once');
        if (text === 'long') say('x'.repeat(2000));
        if (text === 'fail') { process.stdout.write(frameOf(Buffer.from('not today'), true)); continue; }
        if (text === 'alive') for (let i = 0; i < 5; i++) { process.stdout.write(aliveFrame); await new Promise((go) => setTimeout(go, 200)); }
        say(text + '!');
      }
    });`,
  ],
  ...more,
});

const processes = (framing: string): string[] => readFileSync(join(scratch.path, framing), 'utf8').trim().split(' ');

describe.each(['lines', 'frames'])('a process that serves %s', (framing) => {
  beforeEach(() => scratch.file(framing, ''));

  test('answers many jobs, and is started once', async () => {
    await withCommands({ SERVED: serving(framing) });
    const asked = Array.from({ length: 100 }, (_, at) => `${at} ${'x'.repeat(at * 100)}`);
    expect(await run('SERVED', ...asked)).toEqual(asked.map((text) => `DONE ${text}!`));
    expect(processes(framing)).toHaveLength(1);
  });

  test('that dies fails the job that it had, and no other', async () => {
    await withCommands({ SERVED: serving(framing) });
    expect(await run('SERVED', 'a', 'die', 'b', 'after')).toEqual([
      'DONE a!',
      'FAILED its process ended with exit code 7 before it had answered: no luck',
      'DONE b!',
      'DONE after!',
    ]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // It had none when it ended.
    expect(await run('SERVED', 'c')).toEqual(['DONE c!']);
    expect(processes(framing)).toHaveLength(3);
  });

  test('that takes too long or answers too much is ended, and another one is started', async () => {
    await withCommands({ SERVED: serving(framing, { timeoutSeconds: 0.6, resultBytesMax: 1000 }) });
    expect(await run('SERVED', 'a', 'hang', 'long', 'b')).toEqual([
      'DONE a!',
      'FAILED a job of SERVED gave no answer within 0.6 s (timeoutSeconds of its kind), and its process was ended',
      'FAILED its answer is over 1000 bytes (resultBytesMax of its kind), and its process was ended',
      'DONE b!',
    ]);
    expect(processes(framing)).toHaveLength(3);
  });

  test('that speaks unasked answers no other job by it', async () => {
    await withCommands({ SERVED: serving(framing) });
    expect(await run('SERVED', 'twice')).toEqual(['DONE once']);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await run('SERVED', 'a')).toEqual(['DONE a!']);
    // What else it would say cannot be told from answers.
    expect(processes(framing)).toHaveLength(2);
  });

  test('ends with the worker', async () => {
    await withCommands({ SERVED: serving(framing) });
    await run('SERVED', 'a');
    const [pid] = processes(framing).map(Number);
    await harness.threads.close();
    await gone([pid]);
  });
});

test('a process that dies often is started later and later', async () => {
  const log = join(scratch.path, 'starts');
  await withCommands({ SERVED: { ...sh(`date +%s%3N >> ${log}; read job; exit 7`), serve: 'lines' } });
  await run('SERVED', ...Array.from({ length: 8 }, () => ''));
  const starts = readFileSync(log, 'utf8').trim().split('\n').map(Number);
  const waits = starts.slice(1).map((at, index) => at - starts[index]);
  // Three deaths are excused: 100, 200, 400 and 800 ms before the last four.
  expect(waits).toHaveLength(7);
  expect(waits[5]).toBeGreaterThan(350);
  expect(waits[6]).toBeGreaterThan(750);
});

test('frames say that a job failed, and that it lives', async () => {
  scratch.file('frames', '');
  await withCommands({ SERVED: serving('frames', { timeoutSeconds: 0.6 }) });
  expect(await run('SERVED', 'fail', 'alive')).toEqual(['FAILED not today', 'DONE alive!']);
  expect(processes('frames')).toHaveLength(1);
});

test('a payload with a line break fails its job alone where lines are served', async () => {
  scratch.file('lines', '');
  await withCommands({ SERVED: serving('lines') });
  expect(await run('SERVED', 'a\nb', 'c')).toEqual([
    'FAILED its payload holds a line break, which serve: lines cannot carry',
    'DONE c!',
  ]);
});

test('slots of a kind bound how many of its jobs run at once, and hold no other kind back', async () => {
  const log = join(scratch.path, 'slots');
  const gate = join(scratch.path, 'slots-gate');
  const waits = `echo + >> ${log}; while ! test -e ${gate}; do sleep 0.02; done; echo - >> ${log}`;
  const counting = (more: object): object => ({ ...sh(waits), ...more });
  await withCommands({ FEW: counting({ slots: 2 }), OTHER: { argv: ['cat'] } }, 4);
  const few = harness.outcomes(
    1,
    give(
      'FEW',
      Array.from({ length: 6 }, () => ''),
    ),
  );
  await run('OTHER', 'x');
  await eventually('two jobs', () => existsSync(log) && readFileSync(log, 'utf8') === '+\n+\n');
  writeFileSync(gate, '');
  await few;
  let [now, most] = [0, 0];
  for (const sign of readFileSync(log, 'utf8').trim().split('\n'))
    most = Math.max(most, (now += sign === '+' ? 1 : -1));
  expect([now, most]).toEqual([0, 2]);
});

test('limits of memory and processor time are kept', async () => {
  const node = (script: string): string[] => ['perl', '-e', script];
  await withCommands({
    MEMORY: { argv: node('my $x = "x" x 500_000_000; print length $x'), memoryBytesMax: 200_000_000 },
    CPU: { argv: node('while (1) {}'), cpuSecondsMax: 1, timeoutSeconds: 20 },
  });
  expect(await run('MEMORY', '')).toEqual([
    expect.stringMatching(/^FAILED its process ended with exit code \d+: Out of memory/i),
  ]);
  expect(await run('CPU', '')).toEqual(['FAILED its process was ended by SIGXCPU (exit code 152)']);
});

describe('the shell that starts processes', () => {
  const shellOf = (pid: number): number => Number(/\) . (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);

  test('keeps what one job has left behind out of the answer of the next', async () => {
    const late = 'read n; echo $n; [ $n = 1 ] && (setsid sh -c "sleep 1; echo LATE" &); sleep 0.$n';
    await withCommands({ LATE: sh(late) });
    expect(await run('LATE', '1\n')).toEqual(['DONE 1']);
    expect(await run('LATE', '9\n', '8\n')).toEqual(['DONE 9', 'DONE 8']);
  });

  test('carries answers that are longer than a pipe, and errors beside them', async () => {
    await withCommands({ LONG: sh('head -c 1000000 /dev/zero | tr "\\0" x; head -c 300000 /dev/zero >&2') });
    expect(await run('LONG', '')).toEqual([`DONE ${'x'.repeat(1_000_000)}`]);
  });

  test('leaves signals and the process group to the program as they are by default', async () => {
    // Field 5 is the group; the masks say which signals are ignored.
    const script = 'cut -d" " -f1,5 /proc/$$/stat; grep SigIgn /proc/$$/status';
    await withCommands({ SIGNALS: sh(script) });
    const [told] = await run('SIGNALS', '');
    // Node leaves signals above 31 as its own parent had them, and so do all below it.
    expect(told).toMatch(/^DONE (\d+) \1\nSigIgn:\t[0-9a-f]+[08]0{7}$/);
  });

  test('fails the job that it had when somebody kills it, whose process is ended, and is started again', async () => {
    await withCommands({
      SELF: sh(`read n; echo $$ > ${scratch.path}/self-$n; [ $n = 2 ] || exec sleep 600; echo $n`),
    });
    const [job] = give('SELF', ['1\n']);
    const [pid] = await pidsIn('self-1', 1);
    process.kill(shellOf(pid), 'SIGKILL');
    const { status, payload } = await harness.outcome(1, job);
    expect(`${status} ${payload.toString()}`).toMatch(/^FAILED .*the shell that starts it ended$/);
    await gone([pid]);
    expect(await run('SELF', '2\n')).toEqual(['DONE 2']);
  });

  test('is left out where a variable is one of its own', async () => {
    await withCommands({ OWN: { ...sh('echo "$PWD $_in"'), environment: { PWD: '/here', _in: 'x' } } });
    expect(await run('OWN', '')).toEqual([expect.stringMatching(/ x$/)]);
  });
});
