import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostCompiler, root } from './support/bed.js';

const compiler = hostCompiler();
const missing =
  compiler === undefined
    ? 'no C compiler'
    : existsSync('/usr/include/bpf/bpf_endian.h')
      ? undefined
      : "libbpf's headers are not installed (libbpf-dev)";
if (missing !== undefined) console.log(`SKIP: the labs' rules on the host: ${missing}`);

(missing === undefined ? test : test.skip)('the rules of both labs hold when the host compiler builds them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trireme-rules-'));
  try {
    const program = join(folder, 'rules');
    const source = [join(root, 'test', 'lab', 'rules.c'), '-I', join(root, 'bpf'), '-o', program];
    // The sanitizer sees a read behind the end of a frame; without its library the checks run all the same.
    const sanitizer = ['-g', '-fsanitize=address,undefined', '-fno-sanitize=alignment'];
    if (spawnSync(compiler as string, [...sanitizer, ...source]).status !== 0) execFileSync(compiler as string, source);
    const { status, stdout } = spawnSync(program, { encoding: 'utf8' });
    expect(stdout).toMatch(/^\d{5} checks, 0 failed\n$/);
    expect(status).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
