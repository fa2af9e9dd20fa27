import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TriremeError } from '../common/errors.js';
import { projectRoot } from '../common/version.js';
import { mustRun, requireRoot, runTool } from './tools.js';

/**
 * The labs' hosts live in namespaces that end with the process which made them: network, mount and process
 * namespaces of their own, entered by starting this program again. Namespaces, links, programs, pins and
 * mounts vanish with the last process inside, however it ended, and two runs side by side cannot meet.
 */
const insideVariable = 'TRIREME_SANDBOX';

export function isInside(): boolean {
  return process.env[insideVariable] === '1';
}

/** Starts `trireme ...argv` again inside, passes signals on, and gives its exit code. */
export function runInside(argv: readonly string[]): Promise<number> {
  requireRoot('a lab');
  const command = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
  return new Promise((resolve, reject) => {
    // A group of its own, so that Ctrl-C comes once and from here.
    const child = spawn('unshare', [...command, process.execPath, join(projectRoot, 'bin', 'trireme'), ...argv], {
      // The pipe is a lifeline: it closes when we end, even by SIGKILL, and then the inside ends too.
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      detached: true,
      env: { ...process.env, [insideVariable]: '1' },
    });
    let again: NodeJS.Timeout | undefined;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        const pass = (): void => {
          try {
            // To the group: unshare passes nothing on by itself.
            process.kill(-(child.pid ?? NaN), signal === 'SIGHUP' ? 'SIGTERM' : signal);
          } catch {
            // It has ended already.
          }
        };
        pass();
        // The first process of a process namespace does not hear a signal before it listens, so it is told again.
        again ??= setInterval(pass, 200);
      });
    }
    child.on('error', (error) =>
      reject(new TriremeError('TOOL_MISSING', `the labs need unshare: apt-get install util-linux`, { cause: error })),
    );
    child.on('close', (code) => {
      clearInterval(again);
      resolve(code ?? 1);
    });
  });
}

/** A host of a lab: a network namespace with one interface on the common bridge. */
export interface Host {
  readonly name: string;
  readonly address: string;
  /** Command prefix to run something there. */
  readonly enter: readonly string[];
}

/** Hosts on one bridge, which is a namespace of its own: a switch that runs nothing else. */
export class LabNetwork {
  private readonly hosts = new Map<string, Host>();

  /** Makes the bridge. Only inside: it puts an empty file system over /run, where namespaces get their names. */
  static async create(): Promise<LabNetwork> {
    if (!isInside()) throw new TriremeError('INTERNAL', 'a lab network is made inside a sandbox only');
    await mustRun('cover /run', ['mount', '-t', 'tmpfs', 'tmpfs', '/run']);
    mkdirSync('/run/netns');
    await mustRun('make the bridge', ['ip', 'netns', 'add', 'bridge']);
    await mustRun('make the bridge', ['ip', '-n', 'bridge', 'link', 'add', 'br0', 'type', 'bridge']);
    await mustRun('make the bridge', ['ip', '-n', 'bridge', 'link', 'set', 'br0', 'up']);
    return new LabNetwork();
  }

  /**
   * Adds a host `10.99.0.N`, N in the order of adding, whose interface is eth0 and whose port on the bridge
   * has its name.
   */
  async addHost(name: string): Promise<Host> {
    const address = `10.99.0.${this.hosts.size + 1}`;
    const steps = [
      ['netns', 'add', name],
      ['link', 'add', name, 'netns', 'bridge', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name],
      ['-n', 'bridge', 'link', 'set', name, 'master', 'br0', 'up'],
      ['-n', name, 'addr', 'add', `${address}/24`, 'dev', 'eth0'],
      ['-n', name, 'link', 'set', 'lo', 'up'],
      ['-n', name, 'link', 'set', 'eth0', 'up'],
    ];
    for (const step of steps) await mustRun(`make the host ${name}`, ['ip', ...step]);
    const host = { name, address, enter: ['nsenter', `--net=/run/netns/${name}`, '--'] };
    // Known to all from the start: nobody's first datagram waits for an ARP answer or is lost meanwhile.
    const mac = await macOf(name);
    for (const other of this.hosts.values()) {
      await addNeighbour(other.name, address, mac);
      await addNeighbour(name, other.address, await macOf(other.name));
    }
    this.hosts.set(name, host);
    return host;
  }
}

async function macOf(name: string): Promise<string> {
  const rows = JSON.parse(await mustRun('read a MAC', ['ip', '-n', name, '-j', 'link', 'show', 'dev', 'eth0'])) as {
    address: string;
  }[];
  return rows[0].address;
}

async function addNeighbour(name: string, address: string, mac: string): Promise<void> {
  await runTool(['ip', '-n', name, 'neigh', 'replace', address, 'lladdr', mac, 'dev', 'eth0', 'nud', 'permanent']);
}
