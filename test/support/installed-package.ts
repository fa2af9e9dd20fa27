import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';

/** Time for npm to fetch some 140 packages over a slow line. */
const installMsMax = 300_000;

export interface PackedFile {
  readonly path: string;
  readonly size: number;
}

/** What npm pack made. */
export interface PackedPackage {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly PackedFile[];
}

const npm = (args: readonly string[], options: { cwd?: string } = {}) =>
  spawnSync('npm', args, { cwd: projectRoot, encoding: 'utf8', timeout: installMsMax, env: npmEnv, ...options });

/** With the authorities that the tests were started with: see jest.config.js. */
const npmEnv =
  process.env.NPM_EXTRA_CA_CERTS === undefined
    ? process.env
    : { ...process.env, NODE_EXTRA_CA_CERTS: process.env.NPM_EXTRA_CA_CERTS };

/** Packs the repository as it is built. */
export function packInto(folder: string): PackedPackage {
  const asked = ['pack', '--silent', '--ignore-scripts', '--json', '--pack-destination'];
  const { status, stdout, stderr } = npm([...asked, folder]);
  if (status !== 0) throw new Error(`npm pack ended with ${status}: ${stderr}`);
  return (JSON.parse(stdout) as PackedPackage[])[0];
}

/** The bill of materials of the production packages. */
export function billOfMaterials(): SpawnSyncReturns<string> {
  return npm(['sbom', '--omit=dev', '--sbom-format=cyclonedx', '--package-lock-only']);
}

/** The program as `npm install --global` puts it below a folder, with a home of its own. */
export class InstalledPackage {
  readonly program: string;
  readonly root: string;
  /** Fresh: nothing of the user's is seen, nothing is left with him. */
  readonly env: NodeJS.ProcessEnv;

  private constructor(prefix: string, home: string) {
    this.program = join(prefix, 'bin', 'trireme');
    this.root = join(prefix, 'lib', 'node_modules', 'trireme');
    const { XDG_CACHE_HOME: _cache, ...env } = process.env;
    this.env = { ...env, HOME: home };
  }

  /** @returns the program, or why npm could not install it: no registry can be reached */
  static install(tarball: string, folder: string): InstalledPackage | string {
    const [prefix, home] = [join(folder, 'prefix'), join(folder, 'home')];
    mkdirSync(home);
    const asked = ['install', '--global', '--prefix', prefix, '--prefer-offline', '--no-audit', '--no-fund'];
    // No script of any package runs: what is installed works without a compiler.
    const { status, error, stderr } = npm([...asked, '--ignore-scripts', tarball], { cwd: home });
    if (status === 0) return new InstalledPackage(prefix, home);
    if (error !== undefined) return `npm: ${error.message}`;
    if (/E(NOTFOUND|CONNREFUSED|CONNRESET|TIMEDOUT|AI_AGAIN|NOTCACHED|40\d|50\d)/.test(stderr))
      return `no registry: ${stderr.trim().split('\n').slice(0, 2).join(' ')}`;
    throw new Error(`npm install ended with ${status}: ${stderr}`);
  }

  run(args: readonly string[], cwd: string): SpawnSyncReturns<string> {
    return spawnSync(this.program, args, { cwd, env: this.env, encoding: 'utf8', timeout: 60_000 });
  }

  /** Files below the cache folder of its home. */
  get cached(): string[] {
    const folder = join(this.env.HOME!, '.cache', 'trireme');
    return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  }
}
