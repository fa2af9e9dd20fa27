// Bundles what runs in browsers: each folder of src/web with a main.ts becomes dist/web/NAME.js and NAME.css,
// and the engine for the viewer becomes dist/web/viewer-worker.js. Types are checked by tsc
// (src/web/tsconfig.json, and for the engine tsconfig.json). Run by `npm run build`.
import { build } from 'esbuild';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

const outdir = 'dist/web';
mkdirSync(outdir, { recursive: true });

const entries = {};
for (const { name } of readdirSync('src/web', { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  if (existsSync(`src/web/${name}/main.ts`)) entries[name] = `src/web/${name}/main.ts`;
  // What is served as it is.
  for (const file of readdirSync(`src/web/${name}`))
    if (/\.(html|svg)$/.test(file)) copyFileSync(`src/web/${name}/${file}`, `${outdir}/${file}`);
}

const browsers = {
  outdir,
  bundle: true,
  minify: true,
  // A classic script, so that a page can carry it inline and open from a file.
  format: 'iife',
  target: ['es2022', 'chrome105', 'firefox115', 'safari16'],
  legalComments: 'none',
  logLevel: 'warning',
};

// `import './page.css'` in an entry writes NAME.css beside NAME.js.
await build({ ...browsers, entryPoints: entries, loader: { '.css': 'css' } });

// The engine is written for Node: what it takes of it is replaced.
const modules = resolve('src/analyze/viewer/browser-modules');
await build({
  ...browsers,
  entryPoints: { 'viewer-worker': 'src/analyze/viewer/worker.ts' },
  define: { __dirname: '"."' },
  inject: [`${modules}/node.ts`],
  plugins: [
    {
      name: 'modules of Node',
      setup({ onResolve }) {
        onResolve({ filter: /^node:(fs|net|path)$/ }, () => ({ path: `${modules}/node.ts` }));
        onResolve({ filter: /^node:zlib$/ }, () => ({ path: `${modules}/zlib.ts` }));
        onResolve({ filter: /^node:crypto$/ }, () => ({ path: `${modules}/crypto.ts` }));
      },
    },
  ],
});

// Read once by a process, so they may be small rather than quick to read.
for (const name of ['viewer', 'page', 'report']
  .flatMap((page) => [`${page}.js`, `${page}.css`])
  .concat('viewer-worker.js')) {
  writeFileSync(`${outdir}/${name}.br`, brotliCompressSync(readFileSync(`${outdir}/${name}`)));
  rmSync(`${outdir}/${name}`);
}
