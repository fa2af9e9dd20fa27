// Bundles what is used of hyparquet-writer, an ES module, into dist/parquet-writer.js, which every supported
// Node can require. Run by `npm run build`.
import { build } from 'esbuild';
import { existsSync, statSync } from 'node:fs';

const output = 'dist/parquet-writer.js';
const changed = (file) => statSync(file).mtimeMs;
const sources = ['scripts/build-parquet.mjs', 'package-lock.json'];
if (existsSync(output) && changed(output) > Math.max(...sources.map(changed))) process.exit(0);

const contents = `
  export { ByteWriter, ParquetWriter } from 'hyparquet-writer';
  export { writePageHeader } from 'hyparquet-writer/src/datapage.js';
  export { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';
  export { snappyCompress } from 'hyparquet-writer/src/snappy.js';`;
await build({
  stdin: { contents, resolveDir: process.cwd() },
  outfile: output,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minify: true,
  // The license of a part that has its own.
  legalComments: 'inline',
  logLevel: 'warning',
});
