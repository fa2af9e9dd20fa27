import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const root = join(__dirname, '..', '..', '..', '..');
export const bpfObjects = join(root, 'dist', 'bpf');

/** Why the tests that need a kernel cannot run here; nothing when they can. */
export function missingForBed(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  for (const tool of ['bpftool', 'ip', 'unshare', 'nsenter', 'python3', 'ping'])
    if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) return `${tool} is not installed`;
  if (!existsSync(join(bpfObjects, 'udp_lb.bpf.o')))
    return 'dist/bpf has no programs (make bpf needs clang and libbpf-dev)';
  const probe = spawnSync('unshare', [
    ...['--mount', '--net', '--propagation', 'private', 'sh', '-c'],
    `mount -t tmpfs tmpfs /mnt && mkdir /mnt/b && mount -t bpf bpf /mnt/b &&
     bpftool prog load ${bpfObjects}/xdp_pass.bpf.o /mnt/b/p type xdp && ip link add v0 type veth peer name v1 &&
     bpftool net attach xdpdrv pinned /mnt/b/p dev v0`,
  ]);
  return probe.status === 0 ? undefined : `no XDP here: ${probe.stderr.toString().trim().replaceAll('\n', '; ')}`;
}

/** `describe` where the kernel lets us, else a skip that says why. */
export function describeWithKernel(name: string, body: () => void): void {
  const missing = missingForBed();
  if (missing === undefined) describe(name, body);
  else {
    console.log(`SKIP: ${name}: ${missing}`);
    describe.skip(name, body);
  }
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs in a bed. */
export class Running {
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  readonly ended: Promise<Finished>;

  constructor(private readonly child: ChildProcess) {
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()));
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.lines.push(line));
    if (child.stderr) createInterface({ input: child.stderr }).on('line', (line) => this.errors.push(line));
    this.ended = new Promise((resolve) =>
      child.on('close', (code, signal) => resolve({ code: code ?? (signal === null ? 1 : 128), stdout, stderr })),
    );
  }

  write(text: string): void {
    this.child.stdin?.write(text);
  }

  closeInput(): void {
    this.child.stdin?.end();
  }

  /** Signals the program itself: nsenter only waits for it. */
  signal(signal: NodeJS.Signals): void {
    const pid = this.child.pid ?? 0;
    try {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
      for (const child of children) process.kill(Number(child), signal);
    } catch {
      // It has ended.
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<Finished> {
    this.signal(signal);
    return this.ended;
  }

  async said(pattern: RegExp, timeoutMs = 15_000): Promise<void> {
    await until(() => this.lines.some((line) => pattern.test(line)) || this.errors.some((line) => pattern.test(line)), {
      timeoutMs,
      what: () =>
        `a line like ${pattern}; there were ${JSON.stringify([...this.lines.slice(-5), ...this.errors.slice(-5)])}`,
    });
  }
}

/** Waits until something holds; fails saying what was missing. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  { timeoutMs, what }: { timeoutMs: number; what: () => string },
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`${timeoutMs} ms went by without ${what()}`);
    await pause(10);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Hosts on a bridge in namespaces that end with the test, however it ends: a process that waits for its input to close
 * holds them. Two beds never meet, so names and ports inside are fixed.
 */
export class Bed {
  private readonly enterAll: readonly string[];

  /** Mounts of this machine that the bed began with: what others attached outside is no leftover of ours. */
  private readonly inherited: ReadonlySet<string>;

  private constructor(
    private readonly holder: ChildProcess,
    readonly pid: number,
    private readonly hosts: readonly string[],
  ) {
    this.enterAll = ['nsenter', `--target=${pid}`, '--mount', '--net', '--pid', '--'];
    this.inherited = new Set(this.mounts());
  }

  /** The first host gets 10.9.0.1, and so on; all know each other's MAC from the start. */
  static async make(hosts: readonly string[]): Promise<Bed> {
    const script = [
      'set -e',
      'mount -t tmpfs tmpfs /run; mkdir /run/netns',
      'ip netns add bridge; ip -n bridge link add br0 type bridge; ip -n bridge link set br0 up',
      ...hosts.map((name, i) =>
        [
          `ip netns add ${name}; ip link add ${name} netns bridge type veth peer name eth0 netns ${name}`,
          `ip -n bridge link set ${name} master br0 up; ip -n ${name} addr add 10.9.0.${i + 1}/24 dev eth0`,
          `ip -n ${name} addr add fd00::${i + 1}/64 dev eth0 nodad; ip -n ${name} link set lo up; ip -n ${name} link set eth0 up`,
        ].join('; '),
      ),
      ...hosts.map((name) => `M_${name}=$(ip -n ${name} -br link show eth0 | awk '{print $3}')`),
      ...hosts.flatMap((name) =>
        hosts
          .filter((other) => other !== name)
          .map(
            (other) =>
              `ip -n ${name} neigh replace 10.9.0.${hosts.indexOf(other) + 1} lladdr $M_${other} dev eth0 nud permanent`,
          ),
      ),
      'echo ready; read -r _ || true',
    ].join('\n');
    const unshare = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
    const holder = spawn('unshare', [...unshare, 'bash', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const running = new Running(holder);
    await running.said(/^ready$/);
    const own = holder.pid ?? 0;
    const pid = Number(readFileSync(`/proc/${own}/task/${own}/children`, 'utf8').trim());
    return new Bed(holder, pid, hosts);
  }

  private command(host: string | undefined, argv: readonly string[]): string[] {
    return [...this.enterAll, ...(host === undefined ? [] : ['nsenter', `--net=/run/netns/${host}`, '--']), ...argv];
  }

  /** Runs a command to its end and gives its output, whatever its exit code. */
  run(host: string | undefined, argv: readonly string[], input?: string): Finished {
    const command = this.command(host, argv);
    const { status, stdout, stderr } = spawnSync(command[0], command.slice(1), {
      input,
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    return { code: status ?? 1, stdout, stderr };
  }

  /** Runs a command that must succeed. */
  must(host: string | undefined, argv: readonly string[], input?: string): string {
    const { code, stdout, stderr } = this.run(host, argv, input);
    if (code !== 0) throw new Error(`${argv.join(' ')}: exit code ${code}: ${stderr}`);
    return stdout;
  }

  start(host: string | undefined, argv: readonly string[]): Running {
    const command = this.command(host, argv);
    return new Running(spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] }));
  }

  /** A process whose streams the caller reads and writes itself. */
  spawn(host: string, argv: readonly string[]): ChildProcess {
    const command = this.command(host, argv);
    return spawn(command[0], command.slice(1), { stdio: 'pipe' });
  }

  trireme(host: string, ...argv: readonly string[]): Finished {
    return this.run(host, [process.execPath, join(root, 'bin', 'trireme'), ...argv]);
  }

  mustTrireme(host: string, ...argv: readonly string[]): string {
    return this.must(host, [process.execPath, join(root, 'bin', 'trireme'), ...argv]);
  }

  startTrireme(host: string, ...argv: readonly string[]): Running {
    return this.start(host, [process.execPath, join(root, 'bin', 'trireme'), ...argv]);
  }

  /** Runs one of the scripts beside this file that play by the protocol's document alone. */
  startActor(host: string, script: string, settings: object): Running {
    return this.start(host, [process.execPath, join(__dirname, `${script}.js`), JSON.stringify(settings)]);
  }

  stats<T>(host: string): T {
    return JSON.parse(this.mustTrireme(host, 'xdp', 'stats', '--json')) as T;
  }

  mac(host: string): string {
    return this.must(host, ['ip', '-br', 'link', 'show', 'eth0']).trim().split(/\s+/)[2];
  }

  private mounts(): string[] {
    return this.must(undefined, ['cat', '/proc/mounts'])
      .split('\n')
      .filter((line) => line.includes('trireme'));
  }

  /** What a detach must not leave: folders, mounts and programs. */
  leftovers(): string[] {
    const links = ['bridge', ...this.hosts].flatMap(
      (host) => JSON.parse(this.must(host, ['ip', '-j', 'link'])) as { ifname: string; xdp?: object }[],
    );
    return [
      ...this.must(undefined, ['sh', '-c', 'ls -d /run/trireme 2>/dev/null || true']).split('\n').filter(Boolean),
      ...this.mounts().filter((line) => !this.inherited.has(line)),
      ...links.filter(({ xdp }) => xdp !== undefined).map(({ ifname }) => `program on ${ifname}`),
    ];
  }

  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.holder.on('close', resolve));
    this.holder.stdin?.end();
    await closed;
  }
}

/** Sends raw frames out of an interface, one line of hex each. */
export const frameSender = [
  'python3',
  '-c',
  `import socket,sys
s=socket.socket(socket.AF_PACKET,socket.SOCK_RAW)
s.bind((sys.argv[1],0))
for line in sys.stdin:
    s.send(bytes.fromhex(line))
`,
  'eth0',
];

/** Runs a script of the host's compiler, if there is one. */
export function hostCompiler(): string | undefined {
  for (const compiler of ['gcc', 'clang', 'cc']) {
    try {
      execFileSync('sh', ['-c', `command -v ${compiler}`], { stdio: 'ignore' });
      return compiler;
    } catch {
      // The next one.
    }
  }
  return undefined;
}
