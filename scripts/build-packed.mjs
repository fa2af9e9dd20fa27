// Packs what an analysis on this machine runs into dist/src/analyze/packed.js, and the code that V8 makes of it into
// packed.js.cache, so that starting takes 10 ms instead of 40 (src/launch.ts runs them). Run by `npm run build` after tsc.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { Script } from 'node:vm';
import { gzipSync } from 'node:zlib';

const output = resolve('dist/src/analyze/packed.js');
const cache = `${output}.cache`;

/** Local modules that lead to gRPC: loaded from their own files, and only with --master, which main.ts handles. */
const apart = /\/(master-client|dialler-trust)\.js$/;

const changed = (file) => (existsSync(file) ? statSync(file).mtimeMs : Infinity);
const newest = Math.max(...['dist/.tsbuildinfo', 'scripts/build-packed.mjs', 'package-lock.json'].map(changed));
if (existsSync(cache) && changed(output) > newest) process.exit(0);

// The cache goes first and comes last: V8 tells the code of another source by that source's length only.
rmSync(cache, { force: true });
const {
  outputFiles: [bundle],
} = await build({
  entryPoints: ['dist/src/analyze/local.js'],
  outfile: output,
  bundle: true,
  write: false,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Every import() becomes a require(): the packed script has no loader of ES modules.
  supported: { 'dynamic-import': false },
  // Names stay, for the stacks of errors.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [
    {
      name: 'only what every analysis needs',
      setup({ onResolve }) {
        onResolve({ filter: apart }, ({ path }) => ({ path, external: true }));
        onResolve({ filter: /^[^./]/ }, ({ path }) => (path === 'commander' ? undefined : { path, external: true }));
      },
    },
  ],
});
// What src/launch.ts knows the source by.
const hash = createHash('sha256').update(bundle.text).digest('hex').slice(0, 16);
const source = `/*${hash}*/(function (exports, require, module, __filename, __dirname) { ${bundle.text}\n})`;
writeFileSync(output, source);

// The cache holds the functions that have run: each form of output runs once, and its text goes nowhere.
const script = new Script(source, { filename: output });
const write = process.stdout.write;
process.stdout.write = (_text, done) => {
  done?.();
  return true;
};
for (const form of [[], ['--json'], ['--csv']]) {
  process.argv = [process.execPath, 'trireme', 'analyze', 'captures/sample.pcap', '--quiet', ...form];
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(output), module, output, dirname(output));
  await module.exports.done;
}
process.stdout.write = write;
if (process.exitCode) throw new Error(`the packed analysis failed with ${process.exitCode}`);
writeFileSync(cache, script.createCachedData());

// What the installed program shows in `trireme demo`: the capture of the repository is 720 kB.
writeFileSync('dist/sample.pcap.gz', gzipSync(readFileSync('captures/sample.pcap'), { level: 9 }));
