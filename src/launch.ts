import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { Script } from 'node:vm';

// Where bin/trireme begins. An analysis on this machine is mostly starting up, so the build packs it into one file with the
// code that V8 made of it beside (scripts/build-packed.mjs). That code is of one version of V8: for another one, and in the
// installed package, it is kept in the user's cache folder from the first analysis on. Everything else is main.ts.

type Wrapper = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: object },
  filename: string,
  dirname: string,
) => void;

const packed = join(__dirname, 'analyze', 'packed.js');

/** The packed source begins with `/*` and so many hexadecimal digits of its hash, because V8 tells sources by their length. */
const hashLength = 16;

/** An analysis without a cluster: the packed file has no gRPC in it. */
function isLocalAnalysis([role, ...rest]: readonly string[]): boolean {
  return role === 'analyze' && !rest.some((argument) => argument.startsWith('--master'));
}

/** The packed program; null: it was not built, or the sources were compiled since. */
function load(args: readonly string[]): Wrapper | null {
  try {
    const compiled = statSync(join(__dirname, '..', '.tsbuildinfo'), { throwIfNoEntry: false });
    if (compiled !== undefined && statSync(packed).mtimeMs < compiled.mtimeMs) return null;
    // Latin-1, which is read without decoding: esbuild writes ASCII only.
    const source = readFileSync(packed, 'latin1');
    const built = builtCode();
    // V8 refuses code of another version or other flags by itself, and compiles the source.
    let script = built === undefined ? undefined : new Script(source, { filename: packed, cachedData: built });
    if (script === undefined || script.cachedDataRejected === true) {
      const hash = source.slice(2, 2 + hashLength);
      const cachedData = keptCode(hash);
      script = new Script(source, { filename: packed, cachedData });
      if (cachedData === undefined || script.cachedDataRejected === true) keepLater(script, hash, args);
    }
    return script.runInThisContext() as Wrapper;
  } catch {
    return null;
  }
}

/** The code that the build made; undefined: none. */
function builtCode(): Buffer | undefined {
  try {
    return readFileSync(`${packed}.cache`);
  } catch {
    return undefined;
  }
}

/** The user's cache folder; null where it cannot be told whose it is, or caches of code are not wanted. */
function cacheFolder(): string | null {
  const { XDG_CACHE_HOME: cache, HOME: home, NODE_DISABLE_COMPILE_CACHE: unwanted } = process.env;
  if (unwanted === '1') return null;
  if (cache !== undefined && isAbsolute(cache)) return join(cache, 'trireme');
  // Under sudo HOME may be another user's: nothing of root's is left there.
  if (home === undefined || !isAbsolute(home) || statSync(home).uid !== process.getuid?.()) return null;
  return join(home, '.cache', 'trireme');
}

/** One file for each version of V8, written anew for another version of this program. */
const cacheName = `analyze-v8-${process.versions.v8}-${process.arch}.cache`;

/** What a kept file begins with: V8 can hang on code that is cut short. */
const keptHead = (hash: string, code: Buffer): string => `${hash}${code.length.toString(16).padStart(16, '0')}`;
const headBytes = 32;

/** The code that an earlier run kept of this source. Only our own file, which nobody else may write to, is taken. */
function keptCode(hash: string): Buffer | undefined {
  let fd: number | undefined;
  try {
    const folder = cacheFolder();
    if (folder === null) return undefined;
    fd = openSync(join(folder, cacheName), 'r');
    const { uid, mode } = fstatSync(fd);
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return undefined;
    const bytes = readFileSync(fd);
    const code = bytes.subarray(headBytes);
    return bytes.toString('latin1', 0, headBytes) === keptHead(hash, code) ? code : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Keeps the code at the end of an analysis that went well, when V8 has compiled what it needs. Failing is no failure. */
function keepLater(script: Script, hash: string, args: readonly string[]): void {
  if (args.includes('--help') || args.includes('-h')) return;
  process.once('exit', (code) => {
    if (code !== 0) return;
    try {
      const folder = cacheFolder();
      if (folder === null) return;
      makeFolder(dirname(folder));
      makeFolder(folder);
      const draft = join(folder, `${cacheName}.${process.pid}`);
      const code = script.createCachedData();
      const bytes = Buffer.concat([Buffer.from(keptHead(hash, code), 'latin1'), code]);
      // On the disk before it has its name, so that a power cut leaves nothing half written.
      const fd = openSync(draft, 'wx', 0o600);
      try {
        writeFileSync(fd, bytes);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(draft, join(folder, cacheName));
    } catch {
      // A folder that cannot be written to: the next run compiles again.
    }
  });
}

/** Not `recursive`, with which Node 20 never returns where the kernel refuses a name by ENOENT, as in /proc. */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) mkdirSync(path, { mode: 0o700 });
}

const args = process.argv.slice(2);
const program = isLocalAnalysis(args) ? load(args) : null;
if (program === null) require('./main.js');
else {
  const module = { exports: {} };
  program(module.exports, createRequire(packed), module, packed, dirname(packed));
}
