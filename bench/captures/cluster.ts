import { RoleProcess } from '../../src/up/role-process.js';
import { peakMibOf } from './measure.js';

/** A master and two workers on this machine. */
export interface Cluster {
  readonly masterAt: string;
  /** Sum of the peaks of master and workers so far, MiB. */
  peakMib(): number;
  stop(): Promise<void>;
}

export async function startCluster(folder: string): Promise<Cluster> {
  const started: RoleProcess[] = [];
  const start = async (name: string, args: string[], ready: string): Promise<RoleProcess> => {
    const role = await RoleProcess.start(name, args, ready, () => undefined);
    started.push(role);
    return role;
  };
  const stop = async (): Promise<void> => {
    for (const role of started.reverse()) await role.stop();
  };
  try {
    const captures = ['--captures', folder];
    const master = await start(
      'master',
      ['master', '--grpc', '127.0.0.1:0', '--admin', '127.0.0.1:0', ...captures],
      'listening',
    );
    const masterAt = String(master.ready.grpc);
    const worker = (name: string): Promise<RoleProcess> =>
      start(name, ['worker', '--host', masterAt, '--name', name, '--slots', '1', ...captures], 'attached');
    await Promise.all([worker('first'), worker('second')]);
    return { masterAt, stop, peakMib: () => started.reduce((sum, { pid }) => sum + peakMibOf(pid), 0) };
  } catch (error) {
    await stop();
    throw error;
  }
}
