// Packs the program into two files that src/launch.ts runs: dist/src/packed/first.js has what an analysis on
// this machine needs; rest.js has everything else. Each module is in one of them, so nothing is there twice.
// Beside each stands the code that V8 makes of it, so that starting an analysis takes 10 ms instead of 40.
// Also writes dist/api, where the package's users come in. Run by `npm run build` after tsc.
import { build, transformSync } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { Script } from 'node:vm';
import { gzipSync } from 'node:zlib';

const root = resolve('dist/src');
const folder = join(root, 'packed');
const firstFile = join(folder, 'first.js');
const restFile = join(folder, 'rest.js');
const cache = `${firstFile}.cache`;

const changed = (file) => (existsSync(file) ? statSync(file).mtimeMs : Infinity);
const newest = Math.max(...['dist/.tsbuildinfo', 'scripts/build-packed.mjs', 'package-lock.json'].map(changed));
if (existsSync(cache) && changed(firstFile) > newest) process.exit(0);

/** The modules, by their place below dist/src: what each requires as it is loaded, and what only later. */
const modules = new Map();
const packages = /^(@grpc|@nats-io|@bufbuild|@connectrpc|protobufjs)\b/;
for (const entry of readdirSync(root, { recursive: true })) {
  const name = entry.split(sep).join('/');
  // What browsers run is bundled by build-web.mjs.
  const forBrowsers = /^(web|analyze\/viewer\/(worker\.js|browser-modules))\b/.test(name);
  if (!name.endsWith('.js') || forBrowsers || /^packed\//.test(name) || name === 'launch.js') continue;
  const text = readFileSync(join(root, name), 'utf8');
  const needs = [...text.matchAll(/^([^\n]*?)\b(?:require|import)\(['"]([^'"]+)['"]\)/gm)].map(([, before, id]) => ({
    // What tsc makes of an import begins its line.
    atOnce: /^\S/.test(before),
    id,
    name: id.startsWith('.')
      ? relative(root, resolve(root, dirname(name), id))
          .split(sep)
          .join('/')
      : null,
  }));
  modules.set(name, needs);
}

/** Whether loading it loads gRPC or NATS, for which no analysis on this machine waits. */
const heavy = new Map();
function isHeavy(name) {
  if (!heavy.has(name)) {
    heavy.set(name, false);
    const needs = (modules.get(name) ?? []).filter(({ atOnce }) => atOnce);
    heavy.set(
      name,
      needs.some((need) => packages.test(need.id) || (need.name !== null && isHeavy(need.name))),
    );
  }
  return heavy.get(name);
}

const first = new Set();
function addFirst(name) {
  if (first.has(name) || !modules.has(name) || isHeavy(name)) return;
  first.add(name);
  for (const need of modules.get(name))
    // Of the roles, those about captures.
    if (need.name !== null && (name !== 'roles.js' || need.name.startsWith('analyze/'))) addFirst(need.name);
}
for (const name of ['main.js', ...[...modules.keys()].filter((name) => /^captures\/.*-thread\.js$/.test(name))])
  addFirst(name);
const rest = [...modules.keys()].filter((name) => !first.has(name));

/** The program is packed with this package; others stay where npm puts them. */
const packedPackage = 'commander';
const prefix = 'trireme:';

/**
 * Codecs made of the protocol: nobody looks for their names in a stack, and short ones save a quarter of their bytes.
 */
const generated = /[\\/]dist[\\/]src[\\/]gen[\\/]/;

/** A bundle of modules that finds those of the other part by `trireme:NAME`. */
async function bundle(names, elsewhere) {
  const cases = names.map(
    (name) =>
      `case ${JSON.stringify(name)}: return require(${JSON.stringify(name === packedPackage ? name : join(root, name))});`,
  );
  const entry = `
    const names = new Set(${JSON.stringify(names)});
    exports.has = (name) => names.has(name);
    exports.load = (name) => { switch (name) { ${cases.join('\n')} } };`;
  const {
    outputFiles: [{ text }],
  } = await build({
    stdin: { contents: entry, resolveDir: process.cwd(), loader: 'js' },
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
        name: 'each module in one part',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir }) => {
            const name = relative(root, resolve(resolveDir, path)).split(sep).join('/');
            return elsewhere(name) ? { path: prefix + name, external: true } : undefined;
          });
          onResolve({ filter: /^[^./]/ }, ({ path }) => {
            if (path !== packedPackage) return { path, external: true };
            return elsewhere(path) ? { path: prefix + path, external: true } : undefined;
          });
          onLoad({ filter: /\.js$/ }, ({ path }) => {
            if (!path.startsWith(root)) return undefined;
            const place = (file) => `(__dirname+${JSON.stringify(`/${relative(root, file).split(sep).join('/')}`)})`;
            const contents = readFileSync(path, 'utf8')
              .replace(/\b__dirname\b/g, place(dirname(path)))
              .replace(/\b__filename\b/g, place(path))
              // What the compiler calls a module that it requires is in no stack of an error.
              .replace(/\b(\w+)_js_(\d+)\b/g, '$1$$$2')
              // Each of 700 modules says what it is: in fewer bytes.
              .replace('Object.defineProperty(exports, "__esModule", { value: true });', '__asModule(exports);')
              // What is named at run time is a file of a user: launch.ts imports it.
              .replace(/\bimport\((?!['"])/g, '__import(');
            if (!generated.test(path)) return { contents, loader: 'js' };
            return { contents: transformSync(contents, { format: 'cjs', minifyIdentifiers: true }).code, loader: 'js' };
          });
        },
      },
    ],
  });
  // What src/launch.ts knows the source by.
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const asModule = `const __asModule=(exports)=>Object.defineProperty(exports,"__esModule",{value:true});`;
  return `/*${hash}*/(function (exports, require, module, __dirname, __import) { ${asModule}${text}\n})`;
}

// The cache goes first and comes last: V8 tells the code of another source by that source's length only.
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const restSource = await bundle(rest, (name) => name === packedPackage || first.has(name));
writeFileSync(restFile, restSource);
const source = await bundle([...first, packedPackage], (name) => modules.has(name) && !first.has(name));
writeFileSync(firstFile, source);

// The cache holds the functions that have run: each form of output runs once, and its text goes nowhere.
const script = new Script(source, { filename: firstFile });
const require = createRequire(join(root, 'launch.js'));
const write = process.stdout.write;
process.stdout.write = (_text, done) => {
  done?.();
  return true;
};
let firstPart;
for (const form of [[], ['--json'], ['--csv']]) {
  process.argv = [process.execPath, 'trireme', 'analyze', 'captures/sample.pcap', '--quiet', ...form];
  firstPart = { exports: {} };
  // An analysis on this machine that asked for the rest would wait for it.
  script.runInThisContext()(firstPart.exports, require, firstPart, root);
  await firstPart.exports.load('main.js').done;
}
process.stdout.write = write;
if (process.exitCode) throw new Error(`the packed analysis failed with ${process.exitCode}`);
const firstCode = script.createCachedData();

// The rest, with what runs when the roles are loaded.
const restScript = new Script(restSource, { filename: restFile });
const restPart = { exports: {} };
const requireFor = (id) => {
  if (!id.startsWith(prefix)) return require(id);
  const name = id.slice(prefix.length);
  return first.has(name) || name === packedPackage ? firstPart.exports.load(name) : restPart.exports.load(name);
};
restScript.runInThisContext()(restPart.exports, requireFor, restPart, root);
for (const name of rest.filter((name) => /\bcommand\.js$/.test(name))) restPart.exports.load(name);
writeFileSync(`${restFile}.cache`, restScript.createCachedData());
writeFileSync(cache, firstCode);

// The entries of the package, as files that tell Node's loader of ES modules what they export.
const { exports: entries } = JSON.parse(readFileSync('package.json', 'utf8'));
mkdirSync('dist/api', { recursive: true });
for (const [, name] of JSON.stringify(entries).matchAll(/"\.\/dist\/api\/([a-z-]+)\.js"/g)) {
  const names = Object.keys(require(`./api/${name}.js`));
  writeFileSync(
    `dist/api/${name}.js`,
    `'use strict';
const { load } = require('../src/launch.js');
module.exports = load('api/${name}.js');
0 && (module.exports = { ${names.join(', ')} });
`,
  );
}

// What the installed program shows in `trireme demo`: the capture of the repository is 720 kB.
writeFileSync('dist/sample.pcap.gz', gzipSync(readFileSync('captures/sample.pcap'), { level: 9 }));
