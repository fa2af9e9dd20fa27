import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../src/common/version.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';
import { TestCertificates } from '../support/test-certificates.js';
import { namespacesMissing, VethPair } from '../support/veth-pair.js';

const execute = promisify(execFile);
const scratch = scratchFolder();
const token = 'a-token-that-nobody-else-says';

function missing(): string | undefined {
  try {
    execFileSync('tcpdump', ['--version'], { stdio: 'ignore' });
  } catch {
    return 'tcpdump is not installed';
  }
  return namespacesMissing();
}

const reason = missing();
if (reason !== undefined) console.log(`SKIP: ${reason}; traffic is not looked at`);

(reason === undefined ? describe : describe.skip)('what a listener on the wire sees of jobs', () => {
  let pair: VethPair;
  let certificates: TestCertificates;
  beforeAll(async () => {
    pair = new VethPair();
    certificates = await TestCertificates.make(scratch.path, [pair.addresses[0]]);
  });
  afterAll(() => pair.remove());

  /** Runs an lb on one machine, a worker and a client on the other; answers what went over the wire and what came. */
  async function sniff(name: string, lbArgs: string[], args: string[]): Promise<{ wire: Buffer; answers: string[] }> {
    const host = pair.addresses[0];
    const ports = ['--tcp', `${host}:0`, '--grpc', `${host}:0`, '--admin', '127.0.0.1:0'];
    const file = join(scratch.path, `${name}.pcap`);
    const [command, ...rest] = [
      ...pair.on(1),
      'tcpdump',
      '-i',
      'veth0',
      '-s',
      '0',
      '-U',
      '--immediate-mode',
      '-Z',
      'root',
      '-w',
      file,
      'tcp',
    ];
    const tcpdump = spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    const roles: RunningRole[] = [];
    let answers: string[];
    try {
      await once(tcpdump.stderr, 'data');
      const lb = RunningRole.start(['lb', ...ports, ...lbArgs], pair.on(0));
      roles.push(lb);
      const { tcp, grpc } = (await lb.line('listening')) as { tcp: string; grpc: string };
      const worker = RunningRole.start(
        ['worker', '--host', grpc, '--slots', '1', '--name', 'sniffed', ...args],
        pair.on(1),
      );
      roles.push(worker);
      await worker.line('attached');
      const [ip, ...words] = [...pair.on(1), process.execPath, join(projectRoot, 'bin', 'trireme')];
      const { stdout } = await execute(ip, [...words, 'client', '--lb', tcp, '--jobs', '1,2,1', ...args]);
      answers = stdout.trimEnd().split('\n');
    } finally {
      for (const role of roles.reverse()) await role.end();
      const exit = once(tcpdump, 'exit');
      tcpdump.kill('SIGINT');
      await exit;
    }
    return { answers, wire: readFileSync(file) };
  }

  test('without TLS: the token, the jobs and the answers', async () => {
    const { wire, answers } = await sniff('clear', ['--token', token], ['--token', token]);
    expect(answers.length).toBe(3);
    for (const word of [token, 'sniffed', 'GET_TIME', ...answers])
      expect([word, wire.includes(word)]).toEqual([word, true]);
  });

  test('with TLS: none of it', async () => {
    const server = [...certificates.args('server'), '--token', token, '--tcp-tls'];
    const { wire, answers } = await sniff('tls', server, [...certificates.args('client'), '--token', token]);
    expect(answers.length).toBe(3);
    expect(wire.length).toBeGreaterThan(5_000);
    for (const word of [token, 'sniffed', 'GET_TIME', 'AUTH', ...answers])
      expect([word, wire.includes(word)]).toEqual([word, false]);
  });
});
