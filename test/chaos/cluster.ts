import { writeFileSync, readdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { RunningRole } from '../support/running-role.js';
import { emptyFolder, faketimeLibrary, Helper, type Stage } from './stage.js';
import type { ClientHostOrder } from './client-host.js';
import type { RelayCommand } from './relay.js';

export interface ClusterOptions {
  readonly stage: Stage;
  /** A folder of this run's own. */
  readonly folder: string;
  /** Folder of the captures that the master and every other worker see. */
  readonly captures: string;
  readonly clients: number;
  readonly clientHosts: number;
  readonly workers: number;
  /** Jobs a second of each client. */
  readonly rate: number;
}

interface WorkerPlace {
  readonly relay: Helper;
  /** Where the relay hands on to the lb and to the master. */
  readonly hubs: string;
  role: RunningRole;
}

/**
 * Settings of the C library's allocator: what is freed goes back to the kernel at once. Without them a process keeps as
 * much as it ever held, and its memory tells how busy it was and not what it holds.
 */
const memoryGivenBack = ['MALLOC_MMAP_THRESHOLD_=65536', 'MALLOC_TRIM_THRESHOLD_=65536', 'MALLOC_ARENA_MAX=2'];

const ports = (host: string): string[] => ['--grpc', `${host}:0`, '--admin', '127.0.0.1:0'];

/** The processes of a run: an lb, a master, workers each behind a relay, and machines of clients. */
export class ChaosCluster {
  lb!: RunningRole;
  master!: RunningRole;
  readonly workers: WorkerPlace[] = [];
  readonly clients: { host: Helper; name: string }[] = [];
  readonly clientLogs: string[] = [];
  masterAddress = '';
  private lbPorts: string[] = [];
  private masterPorts: string[] = [];
  private lbTcp = { host: '', port: 0 };
  private generation = 0;

  private constructor(private readonly options: ClusterOptions) {}

  static async start(options: ClusterOptions): Promise<ChaosCluster> {
    const cluster = new ChaosCluster(options);
    try {
      await cluster.startHubs();
      for (let i = 0; i < options.workers; i++) await cluster.addWorker(i);
      for (let i = 0; i < options.clientHosts; i++) await cluster.startClients(i);
      return cluster;
    } catch (error) {
      await cluster.end();
      throw error;
    }
  }

  private async startHubs(): Promise<void> {
    const hub = this.options.stage.address('hub');
    this.lb = this.startRole('hub', 'lb', ['lb', '--tcp', `${hub}:0`, ...ports(hub), '--insecure']);
    const lb = (await this.lb.line('listening')) as { tcp: string; grpc: string; admin: string };
    this.lbPorts = ['--tcp', lb.tcp, '--grpc', lb.grpc, '--admin', lb.admin];
    this.lbTcp = { host: hub, port: portOf(lb.tcp) };
    this.master = this.startRole('hub', 'master', ['master', ...ports(hub), '--insecure', ...this.masterArgs()]);
    const master = (await this.master.line('listening')) as { grpc: string; admin: string };
    this.masterPorts = ['--grpc', master.grpc, '--admin', master.admin];
    this.masterAddress = master.grpc;
  }

  private masterArgs(): string[] {
    const { captures, folder, stage } = this.options;
    return ['--captures', captures, '--spool', stage.smallDisk ?? emptyFolder(folder, 'spool')];
  }

  /** The file by which a role's clock is stepped. */
  private clockFile(name: string): string {
    return join(this.options.folder, `clock-${name}`);
  }

  private startRole(host: string, name: string, args: readonly string[]): RunningRole {
    const library = faketimeLibrary();
    const before = [...this.options.stage.on(host), 'env', ...memoryGivenBack];
    before.push(`NODE_OPTIONS=--require=${join(__dirname, 'collect-garbage.js')}`);
    if (library !== undefined) {
      this.stepClock(name, 0);
      before.push(`LD_PRELOAD=${library}`, `FAKETIME_TIMESTAMP_FILE=${this.clockFile(name)}`);
      // Only the clock of the calendar is stepped; the monotonic one never is, on a real machine either.
      before.push('FAKETIME_DONT_FAKE_MONOTONIC=1', 'FAKETIME_CACHE_DURATION=1');
    }
    return RunningRole.start(args, before);
  }

  /** Puts the calendar clock of a role (`lb`, `w1`) so many seconds ahead, within a second or so. */
  stepClock(name: string, seconds: number): void {
    writeFileSync(this.clockFile(name), seconds === 0 ? '+0' : `+${seconds}`);
  }

  private async addWorker(number: number): Promise<void> {
    const { stage } = this.options;
    const hub = stage.address('hub');
    const to = [this.lbTcp.host, this.masterAddress].map((_, i) => ({
      host: hub,
      port: i === 0 ? portOf(this.lbPorts[3]) : portOf(this.masterAddress),
    }));
    const relay = await Helper.start(stage, `w${number}`, 'relay', { to });
    const hubs = (JSON.parse(relay.lines[0]) as number[]).map((port) => `127.0.0.1:${port}`).join(',');
    this.workers.push({ relay, hubs, role: this.startWorker(number, hubs) });
    await this.workers[number].role.line('attached');
  }

  private startWorker(number: number, hubs: string): RunningRole {
    const { folder, captures } = this.options;
    // Every other worker sees no capture and is sent the bytes.
    const seen = number % 2 === 0 ? captures : emptyFolder(folder, 'empty');
    const args = ['worker', '--host', hubs, '--slots', '1', '--name', `w${number}`, '--captures', seen];
    return this.startRole(`w${number}`, `w${number}`, args);
  }

  /** Starts a worker again in the place of one that ended. */
  restartWorker(number: number): void {
    this.workers[number].role = this.startWorker(number, this.workers[number].hubs);
  }

  tellRelay(number: number, command: RelayCommand): void {
    this.workers[number].relay.tell(command);
  }

  restartLb(): void {
    this.lb = this.startRole('hub', 'lb', ['lb', ...this.lbPorts, '--insecure']);
  }

  restartMaster(): void {
    this.master = this.startRole('hub', 'master', ['master', ...this.masterPorts, '--insecure', ...this.masterArgs()]);
  }

  /** Starts a machine of clients in the place of that number; a new one has a new name. */
  async startClients(number: number): Promise<void> {
    const { stage, clients, clientHosts, rate, folder } = this.options;
    const name = `c${number}-${this.generation++}`;
    const log = join(emptyFolder(folder, 'clients'), `${name}.log`);
    const share = Math.floor((clients * (number + 1)) / clientHosts) - Math.floor((clients * number) / clientHosts);
    const order: ClientHostOrder = { name, clients: share, lb: this.lbTcp, rate, log };
    this.clientLogs.push(log);
    this.clients[number] = { host: await Helper.start(stage, 'clients', 'client-host', order), name };
  }

  /** Has the lb and the workers collect their garbage: see collect-garbage.ts. */
  collectGarbage(): void {
    for (const { child, log } of [this.lb, ...this.workers.map(({ role }) => role)])
      // One that has just begun does not listen to the signal yet, and would end.
      if (log.length > 0) child.kill('SIGUSR2');
  }

  /** Lets clients hear their last answers. */
  async endClients(): Promise<void> {
    await Promise.all(this.clients.map(({ host }) => host.end('SIGTERM')));
  }

  async end(): Promise<void> {
    for (const { host } of this.clients) host.child.kill('SIGCONT');
    for (const { host } of this.clients) await host.end('SIGKILL');
    const roles = [...this.workers.map(({ role }) => role), this.lb, this.master].filter((role) => role !== undefined);
    for (const role of roles) role.child.kill('SIGCONT');
    await Promise.all(roles.map((role) => role.end()));
    for (const { relay } of this.workers) await relay.end('SIGKILL');
  }
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

/** Memory of a process in MiB; NaN when it is gone. */
export function residentMiB({ child }: RunningRole): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'))?.[1]) / 1024;
  } catch {
    return NaN;
  }
}

/** Leaves a process no file descriptor beyond those it has (true), or as many as it had (false). */
export function starveOfFiles({ child }: RunningRole, starve: boolean): void {
  const pid = child.pid ?? 0;
  try {
    const open = readdirSync(`/proc/${pid}/fd`).length;
    const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'latin1'))?.[1];
    // The soft bound alone: the hard one stays, so that it may go up again.
    const soft = starve ? open : hard;
    execFileSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`], { stdio: 'ignore' });
  } catch {
    // The process has ended meanwhile.
  }
}
