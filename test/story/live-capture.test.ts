import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { triremePath } from '../support/run-trireme.js';
import { namespacesMissing, VethPair } from '../support/veth-pair.js';

/** TRIREME_TEST_RUNS=20 for a long look. */
const runs = Number(process.env.TRIREME_TEST_RUNS ?? 2);
const packets = 50;
/** Bytes that tcpdump writes for one of them: record header, Ethernet, IPv4, UDP and two digits with a line feed. */
const recordBytes = 16 + 14 + 20 + 8 + 3;

function tcpdumpMissing(): string | undefined {
  try {
    execFileSync('tcpdump', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'tcpdump is not there';
  }
}

const missing = namespacesMissing() ?? tcpdumpMissing();
if (missing !== undefined) console.log(`SKIP: ${missing}; live captures are not tried`);
const live = missing === undefined ? test : test.skip;

jest.setTimeout(60_000 + runs * 20_000);

let pair: VethPair;
beforeAll(() => {
  if (missing !== undefined) return;
  pair = new VethPair();
  // The first packets would wait for the answer to ARP, and some be dropped.
  const address = on(1, 'cat', '/sys/class/net/veth0/address').trim();
  on(0, 'ip', 'neigh', 'replace', pair.addresses[1], 'lladdr', address, 'dev', 'veth0', 'nud', 'permanent');
});
afterAll(() => pair?.remove());

function on(end: 0 | 1, ...args: string[]): string {
  const [command, ...before] = pair.on(end);
  return execFileSync(command, [...before, ...args], { encoding: 'utf8' });
}

/** `tcpdump -w - | trireme analyze ARGS -` in a process group of its own, as a shell on a terminal has it. */
class LivePipe {
  stdout = '';
  stderr = '';
  private readonly child;

  constructor(args: string) {
    // As the help has it: see findings/tcpdump-immediate-mode.sh.
    const tcpdump = `${pair.on(1).join(' ')} tcpdump -i veth0 --immediate-mode -s 2048 -B 16384 -U -w - udp port 4242`;
    const line = `${tcpdump} | "${process.execPath}" "${triremePath}" analyze ${args} -`;
    this.child = spawn('sh', ['-c', line], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout.on('data', (text: Buffer) => (this.stdout += text.toString()));
    this.child.stderr.on('data', (text: Buffer) => (this.stderr += text.toString()));
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    for (const end = Date.now() + 30_000; !holds(); await sleep(20))
      if (Date.now() > end || this.child.exitCode !== null) throw new Error(`no ${what}: ${this.stdout}${this.stderr}`);
  }

  /** Sends the packets once tcpdump listens and its pipe is read, and resolves when it has written them all. */
  async capture(): Promise<void> {
    await this.until('tcpdump that listens', () => this.stderr.includes('listening on'));
    await this.until('analysis that reads', () => this.inputIsWaitedFor());
    const send = `for i in $(seq 10 ${9 + packets}); do echo $i > /dev/udp/${pair.addresses[1]}/4242; done`;
    on(0, 'bash', '-c', send);
    const written = 24 + packets * recordBytes;
    await this.until('packets', () => this.tcpdumpWrote() >= written);
  }

  /** Bytes that were written by tcpdump (proc_pid_io(5)). */
  private tcpdumpWrote(): number {
    return (
      this.look('tcpdump', (process) =>
        Number(/^wchar: (\d+)$/m.exec(readFileSync(join(process, 'io'), 'utf8'))?.[1]),
      ) ?? 0
    );
  }

  /** Standard input of the analysis is among what its event loop waits for (proc_pid_fdinfo(5)): signals are heard. */
  private inputIsWaitedFor(): boolean {
    const waits = (file: string): boolean => /^tfd:\s+0\s/m.test(readFileSync(file, 'utf8'));
    const all = this.look('node', (process) =>
      readdirSync(join(process, 'fdinfo')).map((fd) => join(process, 'fdinfo', fd)),
    );
    return this.look('node', () => all?.some(waits)) ?? false;
  }

  /**
   * Asks something of the folder in /proc of a process of the pipe; null: it is not there, or changes at this moment.
   */
  private look<T>(command: string, ask: (process: string) => T): T | null {
    try {
      const children = readFileSync(`/proc/${this.child.pid}/task/${this.child.pid}/children`, 'utf8')
        .trim()
        .split(' ');
      const named = children.find((pid) => {
        const program = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0];
        return basename(program) === command;
      });
      return named === undefined ? null : ask(`/proc/${named}`);
    } catch {
      return null;
    }
  }

  /** Ctrl-C: the signal goes to the whole group. Resolves with the exit code of the last command. */
  async interrupt(): Promise<number | null> {
    const ended = once(this.child, 'close') as Promise<[number | null]>;
    process.kill(-this.child.pid!, 'SIGINT');
    return (await ended)[0];
  }

  /** Ends what is left of it. */
  end(): void {
    try {
      process.kill(-this.child.pid!, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

async function withPipe(args: string, story: (pipe: LivePipe) => Promise<void>): Promise<void> {
  const pipe = new LivePipe(args);
  try {
    await story(pipe);
  } finally {
    pipe.end();
  }
}

live('Ctrl-C ends tcpdump and the analysis behind it, and every packet is told', async () => {
  for (let run = 0; run < runs; run++) {
    await withPipe('', async (pipe) => {
      await pipe.capture();
      await pipe.interrupt();
      expect(pipe.stdout).toContain(`Total number of packets: ${packets}\n`);
      expect(pipe.stderr).toContain('SIGINT: what has come of standard input is counted');
    });
  }
});

live('--every prints what has come of a pipe that is held open, before its end', async () => {
  await withPipe('--every 1s', async (pipe) => {
    await pipe.capture();
    await pipe.until('result so far', () => pipe.stdout.includes(`Total number of packets: ${packets}\n`));
    const before = pipe.stdout.length;
    await pipe.interrupt();
    expect(pipe.stdout.slice(before)).toContain(`Total number of packets: ${packets}\n`);
  });
});
