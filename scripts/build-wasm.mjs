// Compiles the hot loops, written in AssemblyScript (TypeScript's syntax), to WebAssembly in dist/. Run by `npm run build`.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Each module: its entry file, its output, and the compiler options that it needs beside the common ones. */
const modules = [
  { entry: 'src/pcap/assembly/index.ts', output: 'dist/src/pcap/scan.wasm', options: ['--memoryBase', '12779520'] },
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
