import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { projectRoot } from '../../src/common/version.js';

/**
 * One command that is measured. `scale`: its file is that many times smaller, and its time is multiplied,
 * after the time that it takes for an empty capture (`idleArgs`) was taken off.
 */
export interface Contestant {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly scale: number;
  readonly idleArgs?: readonly string[];
  /** One of ours, whose JSON must be the same bytes as the others'. */
  readonly ours: boolean;
}

const trireme = join(projectRoot, 'bin/trireme');

export function installed(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;
}

/** Peers that are installed; those that are not are named through `missing`. */
export function peers(
  file: string,
  slice: { readonly file: string; readonly scale: number; readonly empty: string },
  missing: (command: string) => void,
): Contestant[] {
  const all: Contestant[] = [
    { name: 'cat', command: 'cat', args: [file], scale: 1, ours: false },
    { name: 'tcpdump --count tcp', command: 'tcpdump', args: ['--count', '-r', file, 'tcp'], scale: 1, ours: false },
    { name: 'capinfos -c', command: 'capinfos', args: ['-c', file], scale: 1, ours: false },
    {
      name: 'tshark -z conv,tcp',
      command: 'tshark',
      args: ['-n', '-q', '-z', 'conv,tcp', '-r', slice.file],
      idleArgs: ['-n', '-q', '-z', 'conv,tcp', '-r', slice.empty],
      scale: slice.scale,
      ours: false,
    },
  ];
  return all.filter(({ command }) => {
    if (installed(command)) return true;
    missing(command);
    return false;
  });
}

export function ours(file: string, masterAt: string | null): Contestant[] {
  const analyze = (name: string, ...more: string[]): Contestant => ({
    name,
    command: trireme,
    args: ['analyze', file, '--json', ...more],
    scale: 1,
    ours: true,
  });
  const local = [analyze('trireme, one core'), analyze('trireme --multi', '--multi')];
  return masterAt === null ? local : [...local, analyze('trireme, cluster of two', '--master', masterAt)];
}
