import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const sample = join(projectRoot, 'captures/sample.pcap');

const env = { ...process.env, NODE_NO_WARNINGS: '1', NODE_EXTRA_CA_CERTS: '/certificates.pem' };

/** What a start of either kind prints: which it is, and where it finds the certificates that were asked for. */
const say = (what: string): string =>
  `console.log('${what}', process.env.NODE_EXTRA_CA_CERTS, process.env.TRIREME_EXTRA_CA_CERTS)`;

/**
 * A program of its own: the real bin/trireme and launch.js over a main.js and a packed program that say their names.
 */
function installed(name: string) {
  const root = join(scratch.path, name);
  const file = (path: string, text: string): string => scratch.file(join(name, path), text);
  for (const folder of ['bin', 'dist/src/packed']) mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(join(projectRoot, 'bin/trireme'), join(root, 'bin/trireme'));
  copyFileSync(join(projectRoot, 'dist/src/launch.js'), join(root, 'dist/src/launch.js'));
  // First, since what is packed must not be older.
  const compiled = file('dist/.tsbuildinfo', '');
  file('dist/src/main.js', say('separate'));
  const packed = file(
    'dist/src/packed/first.js',
    `(function (exports) { exports.has = () => true; exports.load = (name) => { if (name === 'main.js') ${say('packed')}; return { scanned: () => false }; } })`,
  );
  const cache = file('dist/src/packed/first.js.cache', 'no code of this source');
  return { program: join(root, 'bin/trireme'), packed, cache, compiled };
}

function run(program: string, ...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

describe('bin/trireme', () => {
  const { program } = installed('whole');

  test.each([
    ['an analysis reads no certificates as it starts, and knows where they are', ['analyze', 'a.pcap', '--json']],
    ['so does one on a cluster, since no option is looked at', ['analyze', '--master=host', 'a.pcap']],
    ['so does an extraction', ['extract', 'a.pcap']],
  ])('%s', (_fact, args) => {
    expect(run(program, ...args).stdout).toBe('packed undefined /certificates.pem\n');
  });

  test.each([
    ['every other role starts alike, and Node reads them', ['lb']],
    ['so does no role', []],
  ])('%s', (_fact, args) => {
    expect(run(program, ...args).stdout).toBe('packed /certificates.pem undefined\n');
  });

  test('a packed program older than what was compiled is left alone', () => {
    const { program, packed } = installed('stale');
    utimesSync(packed, 1, 1);
    expect(run(program, 'lb').stdout).toBe('separate /certificates.pem undefined\n');
  });

  test('without the packed program, the separate modules run', () => {
    const { program, packed, cache } = installed('unpacked');
    rmSync(packed);
    rmSync(cache);
    expect(run(program, 'lb').stdout).toBe('separate /certificates.pem undefined\n');
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

describe('packages in one file', () => {
  const bin = join(projectRoot, 'bin/trireme');
  /** A command that loads the roles and ends at once. */
  const wrong = ['lb', '--tcp', 'nowhere.invalid:1'];

  test('a role of a clone reads that file in place of the packages', () => {
    expect(existsSync(join(projectRoot, 'dist/packages/packages.js'))).toBe(true);
    const { stderr } = spawnSync(process.execPath, [bin, ...wrong], {
      env: { ...process.env, NODE_DEBUG: 'module' },
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    expect(stderr).toContain('launch.js');
    expect(stderr.split('\n').filter((line) => /^MODULE.* load .*node_modules/.test(line))).toEqual([]);
  });

  test('what is loaded before the program sees each package come', () => {
    const list = scratch.file(
      'list.cjs',
      `process.on('exit', () => console.error(Object.keys(require.cache).filter((name) => name.includes('node_modules')).join()))`,
    );
    const { stderr } = spawnSync(process.execPath, ['--require', list, bin, ...wrong], { encoding: 'utf8' });
    expect(stderr).toContain('node_modules/@grpc/grpc-js/');
  });
});

describe('the packed program', () => {
  const main = join(projectRoot, 'dist/src/main.js');
  const packed = join(projectRoot, 'bin/trireme');
  const { NODE_EXTRA_CA_CERTS: _certificates, ...without } = env;

  test.each([
    ['text', ['analyze', sample]],
    ['JSON', ['analyze', sample, '--json', '--interval', '1s']],
    ['CSV', ['analyze', sample, '--csv', 'endpoints']],
    ['threads', ['analyze', sample, '--multi', '--thread-bytes', '100000', '--cores', '3']],
    ['a filter', ['analyze', sample, '--filter', 'tcp port 443']],
    ['two files, one missing', ['analyze', sample, 'missing.pcap', '--human']],
    ['a missing file', ['analyze', 'missing.pcap']],
    ['wrong usage', ['analyze', '--json', '--csv', sample]],
    ['an unknown option', ['analyze', '--nonsense']],
    ['a master that is not there', ['analyze', '--master', '127.0.0.1:1', sample]],
    ['a load balancer that is not there', ['client', '--lb', '127.0.0.1:1', '--jobs', '1']],
    ['packets', ['extract', sample, '--filter', 'tcp', '-w', '-']],
    ['help', ['analyze', '--help']],
    ['every role', ['--help']],
  ])('says of %s what the separate modules say', (_what, args) => {
    const apart = spawnSync(process.execPath, [main, ...args], { env: without, encoding: 'utf8' });
    const together = spawnSync(packed, args, { env: without, encoding: 'utf8' });
    const told = ({ status, stdout, stderr }: typeof apart) => ({ status, stdout, stderr });
    expect(told(together)).toEqual(told(apart));
    expect(together.stdout + together.stderr).not.toBe('');
  });

  test('has each module once: an error of a cluster is of the class that the rest of the program knows', () => {
    const script = `
      const { load } = require(${JSON.stringify(join(projectRoot, 'dist/src/launch.js'))});
      const { TriremeError } = load('common/errors.js');
      const { fromMaster } = load('analyze/master-errors.js');
      const error = fromMaster({ code: 5, details: 'NO_ANALYSIS: none' }, 'here');
      const { kinds } = load('kinds/registry.js');
      const kind = load('kinds/get-time.kind.js').kind;
      console.log(error instanceof TriremeError, error.kind.exitCode, kinds().get(1) === kind, typeof load('api/index.js').analyzeFile);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect([stdout, stderr]).toEqual(['true 2 true function\n', '']);
    const names = (part: string): string[] =>
      JSON.parse(
        /names=new Set\((\[.*?\])\)/.exec(readFileSync(join(projectRoot, 'dist/src/packed', part), 'utf8'))![1],
      ) as string[];
    const [first, rest] = [names('first.js'), names('rest.js')];
    expect(first).toEqual(
      expect.arrayContaining(['analyze/run.js', 'captures/scan/scan-thread.js', 'common/errors.js']),
    );
    expect(first.filter((name) => rest.includes(name) || name.startsWith('gen/'))).toEqual([]);
    expect(rest).toEqual(expect.arrayContaining(['lb/command.js', 'gen/trireme/v1/capture.js']));
  });
});
