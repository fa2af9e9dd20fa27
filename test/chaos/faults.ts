import { spawnSync } from 'node:child_process';
import type { RunningRole } from '../support/running-role.js';
import { starveOfFiles, type ChaosCluster } from './cluster.js';
import { faultKinds, type Fault, type FaultName } from './schedule.js';
import { cutOff, faketimeLibrary, smallDiskBytes, type Stage } from './stage.js';

/** Seconds by which a stepped clock is ahead. */
export const clockStepSeconds = 3600;

const delayMsLeast = 50;
const delayMsMost = 300;

/** Why a fault cannot be made here; undefined: it can. */
export function missingFor(name: FaultName, stage: Stage): string | undefined {
  const has = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
  switch (name) {
    case 'worker-cut':
      if (!stage.apart) return 'needs network namespaces (root)';
      return has('nft') ? undefined : 'nft is not installed';
    case 'master-disk':
      return stage.smallDisk === undefined ? 'needs a disk of its own (root)' : undefined;
    case 'worker-files':
    case 'lb-files':
      return has('prlimit') ? undefined : 'prlimit is not installed';
    case 'worker-clock':
    case 'lb-clock':
      return faketimeLibrary() === undefined ? 'libfaketime is not installed' : undefined;
    default:
      return undefined;
  }
}

export const allFaults = Object.keys(faultKinds) as FaultName[];

/** What can be done to a cluster, and undone. */
export class Faults {
  constructor(
    private readonly cluster: ChaosCluster,
    private readonly stage: Stage,
  ) {}

  /** Begins a fault. What it resolves with ends it: call it once the fault has lasted long enough. */
  async begin({ name, victim, strength }: Fault): Promise<() => Promise<void>> {
    const { cluster, stage } = this;
    const over = async (): Promise<void> => undefined;
    switch (name) {
      case 'worker-kill':
      case 'worker-drain': {
        const { role } = cluster.workers[victim];
        const ended = role.end(name === 'worker-kill' ? 'SIGKILL' : 'SIGTERM');
        return async () => {
          await ended;
          cluster.restartWorker(victim);
        };
      }
      case 'worker-stall':
      case 'worker-stop':
        return stopped(cluster.workers[victim].role.child);
      case 'worker-reset':
        cluster.tellRelay(victim, { reset: true });
        return over;
      case 'worker-delay':
        cluster.tellRelay(victim, { delayMs: delayMsLeast + strength * (delayMsMost - delayMsLeast) });
        return async () => cluster.tellRelay(victim, { delayMs: 0 });
      case 'worker-hold':
        cluster.tellRelay(victim, { hold: true });
        return async () => cluster.tellRelay(victim, { hold: false });
      case 'worker-cut':
        return cutOff(stage, `w${victim}`);
      case 'worker-files': {
        const { role } = cluster.workers[victim];
        starveOfFiles(role, true);
        cluster.tellRelay(victim, { reset: true });
        return async () => starveOfFiles(role, false);
      }
      case 'worker-clock':
        return this.step(`w${victim}`);
      case 'lb-clock':
        return this.step('lb');
      case 'client-kill': {
        const { host } = cluster.clients[victim];
        await host.end('SIGKILL');
        return () => cluster.startClients(victim);
      }
      case 'client-stop':
        return stopped(cluster.clients[victim].host.child);
      case 'client-reset':
        cluster.clients[victim].host.child.kill('SIGUSR2');
        return over;
      case 'lb-stop':
        return stopped(cluster.lb.child);
      case 'lb-kill':
        return restarted(cluster.lb, () => cluster.restartLb());
      case 'lb-files': {
        const { lb } = cluster;
        starveOfFiles(lb, true);
        cluster.clients[0].host.child.kill('SIGUSR2');
        return async () => starveOfFiles(lb, false);
      }
      case 'master-kill':
        return restarted(cluster.master, () => cluster.restartMaster());
      case 'master-disk': {
        const ballast = `${stage.smallDisk}/ballast`;
        // dd ends with an error when the disk is full, which is what is wanted.
        stage.must('hub', [
          'sh',
          '-c',
          `dd if=/dev/zero of=${ballast} bs=1M count=${smallDiskBytes >> 20} 2>/dev/null; true`,
        ]);
        return async () => stage.must('hub', ['rm', '-f', ballast]);
      }
    }
  }

  private step(role: string): () => Promise<void> {
    this.cluster.stepClock(role, clockStepSeconds);
    return async () => this.cluster.stepClock(role, 0);
  }
}

function stopped(child: { kill(signal: NodeJS.Signals): boolean }): () => Promise<void> {
  child.kill('SIGSTOP');
  return async () => void child.kill('SIGCONT');
}

async function restarted(role: RunningRole, again: () => void): Promise<() => Promise<void>> {
  await role.end('SIGKILL');
  return async () => again();
}
