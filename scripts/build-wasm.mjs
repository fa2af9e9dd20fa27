// Compiles the hot loops, written in AssemblyScript (TypeScript's syntax), to WebAssembly in dist/, and takes
// libzstd out of the package zstddec, which carries it as text within its own script. Run by `npm run build`.
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Each module: its entry file, its output, and the compiler options that it needs beside the common ones. */
const modules = [
  {
    entry: 'src/pcap/assembly/index.ts',
    output: 'dist/src/pcap/scan.wasm',
    options: ['--memoryBase', '12779520', '--exportTable', '--enable', 'simd'],
  },
  {
    entry: 'src/pcap/rows/assembly/index.ts',
    output: 'dist/src/pcap/rows.wasm',
    options: ['--memoryBase', '2686976', '--initialMemory', '48'],
  },
  {
    entry: 'src/captures/packed/assembly/inflate.ts',
    output: 'dist/src/captures/packed/inflate.wasm',
    options: ['--memoryBase', '851968', '--initialMemory', '14', '--enable', 'simd'],
  },
  {
    entry: 'src/captures/packed/assembly/lz4.ts',
    output: 'dist/src/captures/packed/lz4.wasm',
    options: ['--initialMemory', '10', '--enable', 'simd'],
  },
  { entry: 'src/kinds/assembly/sha256.ts', output: 'dist/src/kinds/sha256.wasm', options: ['--enable', 'simd'] },
];

const newest = (dir) =>
  Math.max(
    ...readdirSync(dir).map((name) => statSync(join(dir, name)).mtimeMs),
    statSync('scripts/build-wasm.mjs').mtimeMs,
  );

for (const { entry, output, options } of modules) {
  if (!existsSync(entry)) continue;
  if (existsSync(output) && statSync(output).mtimeMs > newest(dirname(entry))) continue;
  mkdirSync(dirname(output), { recursive: true });
  execFileSync(
    'node_modules/.bin/asc',
    [entry, '--outFile', output, '-O3', '--noAssert', '--runtime', 'stub', ...options],
    { stdio: 'inherit' },
  );
}

const zstd = 'dist/src/captures/packed/zstd.wasm';
const carrier = createRequire(import.meta.url).resolve('zstddec/stream');
if (!existsSync(zstd) || statSync(zstd).mtimeMs < Math.max(statSync(carrier).mtimeMs, newest('scripts'))) {
  const texts = [...readFileSync(carrier, 'latin1').matchAll(/["'`]([A-Za-z0-9+/]{10000,}={0,2})["'`]/g)];
  const bytes = Buffer.from(texts[0]?.[1] ?? '', 'base64');
  if (texts.length !== 1 || !WebAssembly.validate(bytes))
    throw new Error(`${carrier} does not hold one WebAssembly module`);
  mkdirSync(dirname(zstd), { recursive: true });
  writeFileSync(zstd, bytes);
}
