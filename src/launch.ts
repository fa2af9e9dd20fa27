import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

// Where bin/trireme begins. An analysis on this machine is mostly starting up, so the build packs it into one file with the
// code that V8 made of it beside (scripts/build-packed.mjs). Everything else, and all where that is missing, is main.ts.

type Wrapper = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: object },
  filename: string,
  dirname: string,
) => void;

const packed = join(__dirname, 'analyze', 'packed.js');

/** An analysis without a cluster: the packed file has no gRPC in it. */
function isLocalAnalysis([role, ...rest]: readonly string[]): boolean {
  return role === 'analyze' && !rest.some((argument) => argument.startsWith('--master'));
}

/** The packed program; null: it was not built, or the sources were compiled since. */
function load(): Wrapper | null {
  try {
    const compiled = statSync(join(__dirname, '..', '.tsbuildinfo'), { throwIfNoEntry: false });
    if (compiled !== undefined && statSync(packed).mtimeMs < compiled.mtimeMs) return null;
    // Latin-1, which is read without decoding: esbuild writes ASCII only.
    const source = readFileSync(packed, 'latin1');
    // V8 refuses code of another version or other flags by itself, and compiles the source.
    const script = new Script(source, { filename: packed, cachedData: readFileSync(`${packed}.cache`) });
    return script.runInThisContext() as Wrapper;
  } catch {
    return null;
  }
}

const program = isLocalAnalysis(process.argv.slice(2)) ? load() : null;
if (program === null) require('./main.js');
else {
  const module = { exports: {} };
  program(module.exports, createRequire(packed), module, packed, dirname(packed));
}
