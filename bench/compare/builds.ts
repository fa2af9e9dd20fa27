import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { projectRoot } from '../../src/common/version.js';

/** A revision of this repository, built in a folder of its own. */
export interface OtherBuild {
  readonly root: string;
  readonly revision: string;
}

/**
 * Clones this repository at a revision and builds it. Nothing of it stays when it is removed, nor when this
 * process ends.
 * @throws Error that names the revision where there is none, or where it does not build
 */
export async function buildRevision(name: string, say: (words: string) => void): Promise<OtherBuild> {
  const revision = revisionOf(name);
  const root = mkdtempSync(join(tmpdir(), 'trireme-compare-'));
  const ended = new AbortController();
  const remove = (): void => {
    ended.abort();
    rmSync(root, { recursive: true, force: true });
  };
  process.once('exit', remove);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const run = async (command: string, ...args: string[]): Promise<void> => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2], signal: ended.signal });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${name}: ${command} ${args.join(' ')} ended with ${code}`);
  };
  say(`building ${name} (${revision.slice(0, 10)}) in ${root}`);
  // Objects are shared: a clone of this repository takes no room of its own.
  await run('git', 'clone', '--quiet', '--shared', '--no-checkout', projectRoot, '.');
  await run('git', 'checkout', '--quiet', '--detach', revision);
  const lock = (folder: string): string => readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const here = join(projectRoot, 'node_modules');
  // The packages of this folder, where the revision has the same lock file.
  if (existsSync(here) && lock(root) === lock(projectRoot)) symlinkSync(here, join(root, 'node_modules'));
  else await run('npm', 'ci', '--no-audit', '--no-fund', '--silent');
  await run('npm', 'run', '--silent', 'build');
  return { root, revision };
}

function revisionOf(name: string): string {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`];
  try {
    return execFileSync('git', ['-C', projectRoot, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    throw new Error(`'${name}' is no revision of this repository: name a commit, a branch or a tag, such as HEAD~1`);
  }
}
