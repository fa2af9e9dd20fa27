import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const sample = join(projectRoot, 'captures/sample.pcap');

/** A program of its own: the real bin/trireme and launch.js over a main.js and a packed.js that say their names. */
function installed(name: string) {
  const root = join(scratch.path, name);
  const file = (path: string, text: string): string => scratch.file(join(name, path), text);
  for (const folder of ['bin', 'dist/src/analyze']) mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(join(projectRoot, 'bin/trireme'), join(root, 'bin/trireme'));
  copyFileSync(join(projectRoot, 'dist/src/launch.js'), join(root, 'dist/src/launch.js'));
  file('dist/src/main.js', `console.log('main', process.env.NODE_EXTRA_CA_CERTS)`);
  const packed = file(
    'dist/src/analyze/packed.js',
    `(function (exports, require, module, __filename, __dirname) { console.log('packed', process.env.NODE_EXTRA_CA_CERTS) })`,
  );
  const cache = file('dist/src/analyze/packed.js.cache', 'no code of this source');
  const compiled = file('dist/.tsbuildinfo', '');
  return { program: join(root, 'bin/trireme'), packed, cache, compiled };
}

function run(program: string, ...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: '/certificates.pem', NODE_NO_WARNINGS: '1' };
  const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

describe('bin/trireme', () => {
  const { program } = installed('whole');

  test.each([
    ['an analysis of files is packed and reads no certificates', 'packed undefined', ['analyze', 'a.pcap', '--json']],
    ['an analysis of a URL keeps the certificates', 'packed /certificates.pem', ['analyze', 'https://host/a.pcap']],
    ['an analysis on a cluster is main.js', 'main /certificates.pem', ['analyze', '--master=host', 'a.pcap']],
    ['every other role is main.js', 'main /certificates.pem', ['lb']],
    ['no role is main.js', 'main /certificates.pem', []],
  ])('%s', (_fact, said, args) => {
    expect(run(program, ...args).stdout).toBe(`${said}\n`);
  });

  test('a packed analysis older than what was compiled is left alone', () => {
    const { program, packed } = installed('stale');
    utimesSync(packed, 1, 1);
    expect(run(program, 'analyze', 'a.pcap').stdout).toBe('main undefined\n');
  });

  test('without the packed analysis, main.js does it', () => {
    const { program, packed, cache } = installed('unpacked');
    rmSync(packed);
    rmSync(cache);
    expect(run(program, 'analyze', 'a.pcap').stdout).toBe('main undefined\n');
  });

  test('a program that is not built says so', () => {
    const { program } = installed('unbuilt');
    rmSync(join(scratch.path, 'unbuilt/dist/src/launch.js'));
    const { code, stderr } = run(program, 'analyze', 'a.pcap');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`build it with 'make build'`) as string,
    });
  });
});

describe('the packed analysis', () => {
  const main = join(projectRoot, 'dist/src/main.js');
  const packed = join(projectRoot, 'bin/trireme');

  test.each([
    ['text', [sample]],
    ['JSON', [sample, '--json', '--interval', '1s']],
    ['CSV', [sample, '--csv', 'endpoints']],
    ['threads', [sample, '--multi', '--thread-bytes', '100000', '--cores', '3']],
    ['two files, one missing', [sample, 'missing.pcap', '--human']],
    ['a missing file', ['missing.pcap']],
    ['wrong usage', ['--json', '--csv', sample]],
    ['an unknown option', ['--nonsense']],
    ['help', ['--help']],
  ])('says of %s what the separate files say', (_what, args) => {
    const apart = spawnSync(process.execPath, [main, 'analyze', ...args], { encoding: 'utf8' });
    const together = run(packed, 'analyze', ...args);
    expect(together).toEqual({ code: apart.status, stdout: apart.stdout, stderr: apart.stderr });
    expect(together.stdout + together.stderr).not.toBe('');
  });
});
