import { execFile } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { describeWithKernel, root } from './support/bed.js';

const scratch = scratchFolder();

const play = async (name: string): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'bin', 'trireme'), 'lab', name], {
    maxBuffer: 10_000_000,
  });
  return stdout;
};

describeWithKernel('the labs as a class plays them', () => {
  test('both play to their end side by side, and show what the kernel decides', async () => {
    const [a, b] = await Promise.all([play('a'), play('b')]);
    expect(a).toMatch(/kernel {3}trireme parity .*: 4 is even, dropped/);
    expect(a).toMatch(/kernel {3}trireme parity .*: 5 is odd, passed/);
    expect(a).toMatch(/server {3}5 from /);
    expect(a).toMatch(/server {3}\d+ numbers: 25 odd, \d+ even/);
    expect(b).toMatch(/kernel {3}trireme lb .*: job of \d+ ms to server \d/);
    expect(b).toMatch(/client {3}10 jobs in .*: 10 answered, 0 lost/);
    expect(b).toMatch(/client {3}300 jobs in .*: 300 answered, 0 lost/);
    expect(b).toMatch(/client {3}40 jobs in .*: 40 answered, 0 lost/);
    expect(b).toMatch(/350 jobs = 350 results \+ 0 queued \+ 0 running \+ 0 dropped/);
    expect(b).toMatch(/lb {7}detached lb from eth0/);
  });

  test('a lab whose program is missing or broken ends with the reason, and does not play on without it', async () => {
    const objects = join(scratch.path, 'objects');
    cpSync(join(root, 'dist', 'bpf'), objects, { recursive: true });
    const env = { TRIREME_BPF_OBJECTS: objects };
    writeFileSync(join(objects, 'udp_parity.bpf.o'), 'no object');
    const broken = await runTrireme(['lab', 'a'], { env });
    expect([broken.code, broken.stderr]).toEqual([
      1,
      expect.stringMatching(/^trireme: xdp: trireme xdp attach parity .* ended with 1/m),
    ]);
    rmSync(join(objects, 'udp_parity.bpf.o'));
    const missing = await runTrireme(['lab', 'a'], { env });
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringContaining('udp_parity.bpf.o is not there: run make bpf'),
    ]);
    expect(missing.stdout).toBe('');
  });
});
