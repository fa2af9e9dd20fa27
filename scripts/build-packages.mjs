// Packs the npm packages that every role loads into one file, dist/packages/packages.js, with the code that
// V8 makes of it beside. A role started from a clone reads this file in place of 250, and starts in half the
// time. It is not in the npm package: an installed program loads the packages that npm put beside it. Run by
// `npm run build`.
import { build } from 'esbuild';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { Script } from 'node:vm';

const folder = resolve('dist/packages');
const file = join(folder, 'packages.js');
const cache = `${file}.cache`;

/** Those that share a package are here together, so that none is loaded twice. */
const packages = [
  '@bufbuild/protobuf',
  '@bufbuild/protobuf/wire',
  '@bufbuild/protobuf/wkt',
  '@connectrpc/connect',
  '@connectrpc/connect-node',
  '@grpc/grpc-js',
  '@grpc/reflection',
  '@opentelemetry/api',
  'grpc-health-check',
  'pino',
  'pino-pretty',
  'prom-client',
];

const changed = (name) => (existsSync(name) ? statSync(name).mtimeMs : Infinity);
const newest = Math.max(...['scripts/build-packages.mjs', 'package-lock.json'].map(changed));
if (existsSync(cache) && changed(cache) > newest) process.exit(0);

const cases = packages.map((name) => `case '${name}': return require('${name}');`);
const {
  outputFiles: [{ text }],
} = await build({
  stdin: {
    contents: `module.exports = (name) => { switch (name) { ${cases.join('\n')} } };`,
    resolveDir: process.cwd(),
    loader: 'js',
  },
  bundle: true,
  write: false,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Names stay, for the stacks of errors. The text is ASCII, which launch.ts reads without decoding.
  minifyWhitespace: true,
  minifySyntax: true,
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'error',
  plugins: [
    {
      name: 'files beside a module are found where npm put them',
      setup({ onLoad }) {
        onLoad({ filter: /\.c?js$/ }, ({ path }) => {
          const contents = readFileSync(path, 'utf8');
          if (!/\b__(dirname|filename)\b/.test(contents)) return undefined;
          const place = (name) => JSON.stringify(name);
          return {
            contents: contents.replace(/\b__dirname\b/g, place(dirname(path))).replace(/\b__filename\b/g, place(path)),
            loader: 'js',
          };
        });
      },
    },
  ],
});
const source = `(function (require, module) { ${text}\n})`;

// The cache goes first and comes last: V8 tells the code of another source by that source's length only.
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
writeFileSync(file, source);

// The cache holds the functions that have run as the packages were loaded.
const script = new Script(source, { filename: file });
const module = { exports: undefined };
script.runInThisContext()(createRequire(file), module);
for (const name of packages) module.exports(name);
writeFileSync(cache, script.createCachedData());
// Some packages leave timers.
process.exit(0);
