// Bundles what runs in browsers: each folder of src/web with a main.ts becomes dist/web/NAME.js and NAME.css.
// Types are checked by tsc (src/web/tsconfig.json). Run by `npm run build`.
import { build } from 'esbuild';
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';

const outdir = 'dist/web';
mkdirSync(outdir, { recursive: true });

const entries = {};
for (const { name } of readdirSync('src/web', { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  if (existsSync(`src/web/${name}/main.ts`)) entries[name] = `src/web/${name}/main.ts`;
  // What is served as it is.
  for (const file of readdirSync(`src/web/${name}`))
    if (/\.(html|svg)$/.test(file)) copyFileSync(`src/web/${name}/${file}`, `${outdir}/${file}`);
}

await build({
  entryPoints: entries,
  outdir,
  bundle: true,
  minify: true,
  // A classic script, so that a report can carry it inline and open from a file.
  format: 'iife',
  target: ['es2022', 'chrome105', 'firefox115', 'safari16'],
  // `import './page.css'` in an entry writes NAME.css beside NAME.js.
  loader: { '.css': 'css' },
  legalComments: 'none',
  logLevel: 'warning',
});
