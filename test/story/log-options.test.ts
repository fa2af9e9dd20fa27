import { runTrireme } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';

const any = '127.0.0.1:0';

/** The first line that a load balancer logs, with options and variables. */
async function firstLine(args: readonly string[], env: readonly string[] = []): Promise<string> {
  const lb = RunningRole.start(['lb', '--tcp', any, '--grpc', any, '--admin', any, ...args], ['env', ...env]);
  while (lb.stderr.length === 0 && lb.running) await new Promise((resolve) => setTimeout(resolve, 20));
  await lb.end();
  return lb.stderr[0];
}

const json = /^\{"level":30,/;
const text = /INFO.*: listening/;

test.each<[string, RegExp, string[], string[]]>([
  ['is JSON where nobody says otherwise and stderr is no terminal', json, [], []],
  ['is text with --log-format text', text, ['--log-format', 'text'], []],
  ['is text with the variable of all roles', text, [], ['TRIREME_LOG_FORMAT=text']],
  ['is text with the variable of the role', text, [], ['TRIREME_LB_LOG_FORMAT=text', 'TRIREME_LOG_FORMAT=json']],
  ['is what the option says before any variable', json, ['--log-format', 'json'], ['TRIREME_LB_LOG_FORMAT=text']],
])('a log %s', async (_fact, pattern, args, env) => {
  expect(await firstLine(args, env)).toMatch(pattern);
});

test('a wrong level is refused, with the levels there are', async () => {
  const { code, stderr } = await runTrireme(['worker', '--host', any], { env: { TRIREME_LOG_LEVEL: 'loud' } });
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/'loud' from env 'TRIREME_LOG_LEVEL' is invalid.*trace, debug/),
  ]);
});

test('a variable that is a misspelt option is told', async () => {
  const env = { TRIREME_CLIENT_JOB: '1', TRIREME_CLIENT_LB: '127.0.0.1:1' };
  const { code, stderr } = await runTrireme(['client', '--jobs', '1'], { env });
  expect(stderr).toContain('trireme: TRIREME_CLIENT_JOB is no option of trireme client, and is ignored\n');
  expect([code, stderr]).toEqual([1, expect.stringContaining('--lb 127.0.0.1:1: connection refused')]);
});

test('up shows the lines of its roles from a level on, and comes up whatever the level is', async () => {
  const { stdout, stderr } = await runTrireme(['up', '--free-ports', '--log-level', 'silent'], {
    meanwhile: (child) => {
      child.stdout!.on('data', (data: string) => {
        if (data.includes('Ctrl-C ends everything')) child.kill('SIGTERM');
      });
    },
  });
  expect([stdout, stderr]).toEqual([expect.stringContaining('Ctrl-C ends everything'), '']);
});
