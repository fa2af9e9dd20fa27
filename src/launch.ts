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
import { isBuiltin } from 'node:module';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { Script } from 'node:vm';

// Where everything begins: bin/trireme, a thread, the package as a library. The build packs the program into
// two files (scripts/build-packed.mjs): first.js holds what an analysis on this machine needs, with the code
// that V8 made of it beside, because such an analysis is mostly starting up; rest.js holds all else and is
// read when a module of it is asked for, on each thread anew. Each module is in one of them and runs once.
// The packages that roles need are one file too, in a clone (scripts/build-packages.mjs). V8's code is of one
// version of V8: for another one, and in the installed package, that of first.js is kept in the user's cache
// folder from the first analysis on. Where the packed files are missing or older than the last compile, the
// separate modules run.

type Wrapper = (
  exports: object,
  require: (id: string) => unknown,
  module: { exports: object },
  directory: string,
  importFile: (url: string) => Promise<unknown>,
) => void;

/** What a packed file exports: its modules, by their place below this folder. */
interface Part {
  readonly has: (name: string) => boolean;
  readonly load: (name: string) => unknown;
}

const firstFile = join(__dirname, 'packed', 'first.js');
const restFile = join(__dirname, 'packed', 'rest.js');
const packagesFile = join(__dirname, '..', 'packages', 'packages.js');

/** What modules of one part call those of the other by. */
const prefix = 'trireme:';

/**
 * The packed source begins with `/*` and so many hexadecimal digits of its hash, because V8 tells sources by
 * their length.
 */
const hashLength = 16;

/** The compiled first part, when this run is to keep its code. */
let toKeep: { readonly script: Script; readonly hash: string } | null = null;
let firstPart: Part | null | undefined;
let restPart: Part | null = null;
/** A package by its name, or undefined; null: each is where npm put it. */
let packages: ((name: string) => unknown) | null = null;

/** Runs the program's command line. */
export function start(): void {
  // Not as a library: who uses it shares objects of packages with it. And not where something is loaded
  // first, such as an instrumentation that changes packages as they come.
  if (!loadsFirst.test([...process.execArgv, process.env.NODE_OPTIONS].join(' '))) packages = packagesOnDemand();
  load('main.js');
  if (toKeep !== null) keepAtExit(toKeep.script, toKeep.hash);
}

/** A module of the program, by its place below this folder; it runs when it is loaded first. */
export function load(name: string): unknown {
  const part = first();
  if (part === null) return requireAny(join(__dirname, name));
  return part.has(name) ? part.load(name) : rest().load(name);
}

/** Null: it was not built, or the sources were compiled since. */
function first(): Part | null {
  return (firstPart ??= openFirst());
}

function openFirst(): Part | null {
  try {
    const compiled = statSync(join(__dirname, '..', '.tsbuildinfo'), { throwIfNoEntry: false });
    if (compiled !== undefined && statSync(firstFile).mtimeMs < compiled.mtimeMs) return null;
    // Latin-1, which is read without decoding: esbuild writes ASCII only.
    const source = readFileSync(firstFile, 'latin1');
    const built = builtCode(firstFile);
    // V8 refuses code of another version or other flags by itself, and compiles the source.
    let script = built === undefined ? undefined : new Script(source, { filename: firstFile, cachedData: built });
    if (script === undefined || script.cachedDataRejected === true) {
      const hash = source.slice(2, 2 + hashLength);
      const cachedData = keptCode(hash);
      script = new Script(source, { filename: firstFile, cachedData });
      if (cachedData === undefined || script.cachedDataRejected === true) toKeep = { script, hash };
    }
    return partOf(script);
  } catch {
    return null;
  }
}

function rest(): Part {
  return (restPart ??= partOf(
    new Script(readFileSync(restFile, 'latin1'), { filename: restFile, cachedData: builtCode(restFile) }),
  ));
}

/** Null: they were not built. */
function openPackages(): ((name: string) => unknown) | null {
  try {
    const source = readFileSync(packagesFile, 'latin1');
    const script = new Script(source, { filename: packagesFile, cachedData: builtCode(packagesFile) });
    const module = { exports: (_name: string): unknown => undefined };
    (script.runInThisContext() as (require: unknown, module: unknown) => void)(require, module);
    return module.exports;
  } catch {
    return null;
  }
}

function partOf(script: Script): Part {
  const module = { exports: {} };
  (script.runInThisContext() as Wrapper)(module.exports, requireFor, module, __dirname, importFile);
  return module.exports as Part;
}

/**
 * What modules of the packed files require: each other, packages, and files below this folder, which are
 * modules of ours too.
 */
function requireFor(id: string): unknown {
  if (id.startsWith(prefix)) return load(id.slice(prefix.length));
  if (isAbsolute(id)) {
    const name = relative(__dirname, id).split(sep).join('/');
    if (first()?.has(name) === true || (!name.startsWith('..') && rest().has(name))) return load(name);
  }
  return packages?.(id) ?? requireAny(id);
}

/** Options of Node by which modules are loaded before the program. */
const loadsFirst = /(^|\s)(-r|--require|--import|--loader|--experimental-loader)(=|\s|$)/;

/** Reads the packed packages when the first package is asked for: an analysis on this machine asks for none. */
function packagesOnDemand(): (name: string) => unknown {
  let loaded: ((name: string) => unknown) | null | undefined;
  return (name) => {
    if (isBuiltin(name)) return undefined;
    if (loaded === undefined) loaded = openPackages();
    return loaded?.(name);
  };
}

/** Node's own, from here. */
const requireAny = require as (id: string) => unknown;

/** A packed file cannot import by itself. */
function importFile(url: string): Promise<unknown> {
  return import(url);
}

/** The code that the build made; undefined: none. */
function builtCode(file: string): Buffer | undefined {
  try {
    return readFileSync(`${file}.cache`);
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

/**
 * Keeps the code at the end of an analysis that went well, when V8 has compiled what it needs. Failing is no failure.
 */
function keepAtExit(script: Script, hash: string): void {
  process.once('exit', (code) => {
    const { scanned } = load('captures/scan/scan-module.js') as { scanned: () => boolean };
    if (code !== 0 || process.argv[2] !== 'analyze' || !scanned()) return;
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

/** Not `recursive`: see src/common/make-folders.ts, which an analysis need not load. */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) mkdirSync(path, { mode: 0o700 });
}

// As the file of a thread, which is told its module (src/common/start-thread.ts).
if (require.main === module) load(process.argv[2]);
