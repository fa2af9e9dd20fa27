import { runTrireme } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const file = (text: string): string => scratch.file('trireme.yaml', text);
const check = (text: string, role: readonly string[] = [], env: NodeJS.ProcessEnv = {}) =>
  runTrireme(['config', 'check', file(text), ...role], { env, cwd: scratch.path });

test('a role starts with what its file says, and says what is wrong in it', async () => {
  const any = '127.0.0.1:0';
  const text = `log-format: text\nlb:\n  tcp: ${any}\n  grpc: ${any}\n  admin: ${any}\n`;
  const lb = RunningRole.start(['lb', '--config', file(text)], ['env']);
  while (lb.stderr.length === 0 && lb.running) await new Promise((resolve) => setTimeout(resolve, 20));
  await lb.end();
  expect(lb.stderr[0]).toMatch(/INFO.*: listening/);
  const wrong = await runTrireme(['lb', '--config', file('lb:\n  grace: 10x\n')]);
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringMatching(
      /^trireme: .*trireme.yaml:2:3: lb.grace: '10x' is not a duration such as 250ms, 1.5s or 2m\n$/,
    ),
  ]);
});

test('a variable names the file, and an analysis takes its options from it', async () => {
  const { code, stdout } = await runTrireme(['analyze', 'captures/sample.pcap'], {
    env: { TRIREME_ANALYZE_CONFIG: file('json: true\nlb:\n  grace: 3s\n') },
  });
  expect([code, typeof (JSON.parse(stdout) as { results: unknown }).results]).toEqual([0, 'object']);
});

test.each<[string, NodeJS.ProcessEnv, string]>([
  ['a file', {}, 'verbose: true\n'],
  ['a variable', { TRIREME_CLIENT_VERBOSE: '1' }, '{}\n'],
])('the stack of an error is asked for by %s, too', async (_by, env, text) => {
  const args = ['client', '--lb', '127.0.0.1:1', '--jobs', '1', '--config'];
  const { code, stderr } = await runTrireme([...args, file(text)], { env });
  expect([code, stderr]).toEqual([1, expect.stringMatching(/connection refused.*\nTriremeError: .*\n +at /)]);
  expect((await runTrireme([...args, file('lines: true\n')])).stderr).not.toMatch(/\n +at /);
});

test('config check shows what a role runs with, and where each setting comes from', async () => {
  const text = 'log-level: warn\nlb:\n  tcp: 192.0.2.1:1\n  announce: nats://hub:pass@n:4222\n  token: secret\n';
  const { code, stdout, stderr } = await check(text, ['lb'], { TRIREME_LB_GRACE: '3s' });
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.split('\n').map((line) => line.replace(/ {2,}/, '  '));
  expect(lines[0]).toBe('# trireme lb');
  const path = `${scratch.path}/trireme.yaml`;
  expect(lines).toContain(`log-level: warn  # ${path}:1:1`);
  expect(lines).toContain(`tcp: 192.0.2.1:1  # ${path}:3:3`);
  expect(lines).toContain(`announce: nats://...@n:4222  # ${path}:4:3`);
  expect(lines).toContain(`# token: not shown  # ${path}:5:3`);
  expect(lines).toContain('grace: 3s  # TRIREME_LB_GRACE');
  expect(lines).toContain('# digits-max: 15  # default');
  expect(stdout).not.toMatch(/secret|pass@/);
});

test('what config check shows of a role is a file that gives the same', async () => {
  const text = 'worker:\n  host: [a:1, "b:2"]\n  captures: ["/a b", /c]\n  tls: on\n  name: w#1\n';
  const first = await check(text, ['worker']);
  const again = await check(first.stdout, ['worker']);
  expect([first.code, again.code]).toEqual([0, 0]);
  const settings = (shown: string): string[] => shown.split('\n').map((line) => line.split(/ +# /)[0]);
  expect(settings(again.stdout)).toEqual(settings(first.stdout));
  expect(first.stdout).toContain('captures: ["/a b", /c]');
});

test('config check without a role shows those that have sections, and looks at every one', async () => {
  const shown = await check('lb: {grace: 3s}\nxdp: {attach: {iface: eth0}}\n');
  expect(shown.stdout.match(/^# trireme .*/gm)).toEqual(
    expect.arrayContaining(['# trireme lb', '# trireme xdp attach']),
  );
  const flat = await check('log-level: warn\n');
  expect([flat.code, flat.stdout]).toEqual([0, expect.stringMatching(/has no fault; name a role/)]);
  const wrong = await check('interval: 9\nmastr:\nlb: {grace: x, tls-ca: y}\n');
  expect([wrong.code, wrong.stdout]).toEqual([2, '']);
  expect(wrong.stderr.split('\n').map((line) => line.replace(/^.*?yaml:(?=\d)/, ''))).toEqual([
    expect.stringMatching(/^1:1: interval: '9' is not/),
    '2:1: mastr: no option of any role (did you mean master?)',
    expect.stringMatching(/^3:6: lb.grace: 'x' is not a duration/),
    expect.stringMatching(/^trireme: .*yaml: 3 faults$/),
    '',
  ]);
});

test('config check tells what a variable and what only several settings get wrong', async () => {
  const variable = await check('lb: {grace: 3s}\n', ['lb'], { TRIREME_LB_DIGITS_MAX: '99' });
  expect([variable.code, variable.stderr]).toEqual([2, expect.stringMatching(/'99' from env 'TRIREME_LB_DIGITS_MAX'/)]);
  const exposed = await check('lb: {tcp: 192.0.2.1:1}\n', ['lb'], { TRIREME_TOKEN: '' });
  expect([exposed.code, exposed.stderr]).toEqual([
    2,
    expect.stringMatching(/^trireme lb: --tcp 192.0.2.1:1 is not on/),
  ]);
  const alone = await check('worker: {slots: 2}\n');
  expect([alone.code, alone.stderr]).toEqual([2, expect.stringMatching(/^trireme worker: say where the hubs are/)]);
  const pair = await check('lb: {tls-ca: ca.crt}\n', ['lb']);
  expect([pair.code, pair.stderr]).toEqual([2, expect.stringMatching(/^trireme lb: --tls-ca ca.crt needs --tls-cert/)]);
});
