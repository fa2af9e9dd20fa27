import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot, version } from '../../src/common/version.js';
import { billOfMaterials, InstalledPackage, packInto } from '../support/installed-package.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const packed = packInto(scratch.path);
const made = InstalledPackage.install(join(scratch.path, packed.filename), scratch.path);
if (typeof made === 'string') console.log(`SKIP: the package is not installed: ${made}`);
const installed = made as InstalledPackage;
const describeInstalled = typeof made === 'string' ? describe.skip : describe;

/** Bytes of the package beside its dependencies, so that nobody waits for it. */
const unpackedBytesMax = 3_000_000;

const sample = join(projectRoot, 'captures', 'sample.pcap');
const empty = join(scratch.path, 'empty');
mkdirSync(empty);

describe('the package', () => {
  const paths = packed.files.map(({ path }) => path);

  test('holds the program, the protocol and the XDP programs, and no tests, sources or maps', () => {
    expect(paths).toEqual(
      expect.arrayContaining([
        ...[
          'bin/trireme',
          'dist/src/packed/first.js',
          'dist/src/pcap/scan.wasm',
          'dist/web/page.html',
          'dist/proto.binpb.gz',
        ],
        ...['proto/trireme/v1/job.proto', 'bpf/udp_lb.bpf.c', 'README.md', 'LICENSE', 'CHANGELOG.md'],
      ]),
    );
    if (existsSync(join(projectRoot, 'dist/bpf/udp_lb.bpf.o'))) expect(paths).toContain('dist/bpf/udp_lb.bpf.o');
    expect(paths.filter((path) => /\.map$|(?<!\.d)\.ts$|^(dist\/)?(test|bench)\//.test(path))).toEqual([]);
  });

  test(`is under ${unpackedBytesMax} bytes, unpacked`, () => {
    expect(packed.unpackedSize).toBeLessThan(unpackedBytesMax);
  });

  test('has a bill of materials with a version and a digest of each production package', () => {
    const { status, stdout } = billOfMaterials();
    if (status !== 0) return console.log(`SKIP: this npm has no sbom`);
    const { components } = JSON.parse(stdout) as {
      components: { name: string; version: string; hashes?: unknown[] }[];
    };
    expect(components.map(({ name }) => name)).toEqual(expect.arrayContaining(['@grpc/grpc-js', 'commander']));
    expect(components.filter(({ version, hashes }) => version === '' || hashes === undefined)).toEqual([]);
  });
});

describeInstalled('the installed program, in an empty folder and a fresh home', () => {
  test('says its version and its roles', () => {
    expect(installed.run(['--version'], empty).stdout).toBe(`${version}\n`);
    expect(installed.run(['--help'], empty).stdout).toMatch(/^ {2}analyze /m);
  });

  test('has its man pages where man looks for them', () => {
    expect(existsSync(join(installed.root, '../../../share/man/man1/trireme-lb.1'))).toBe(true);
  });

  test('analyses a capture as the repository does, and starts from kept code the next time', () => {
    const here = spawnSync(process.execPath, [join(projectRoot, 'dist/src/main.js'), 'analyze', sample, '--json']);
    copyFileSync(sample, join(empty, 'capture.pcap'));
    expect(installed.run(['analyze', 'capture.pcap'], empty)).toMatchObject({ status: 0, stderr: '' });
    expect(installed.cached).toHaveLength(1);
    const [kept] = installed.cached;
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    const { mtimeMs } = statSync(kept);
    expect(installed.run(['analyze', sample, '--json'], empty).stdout).toBe(here.stdout.toString());
    expect(statSync(kept).mtimeMs).toBe(mtimeMs);
  });

  test.each([
    ['of another source', (bytes: Buffer) => Buffer.concat([Buffer.from('0123456789abcdef'), bytes.subarray(16)])],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
    ['empty', () => Buffer.alloc(0)],
  ])('kept code that is %s is made anew, and the answer is the same', (_how, harm) => {
    const [kept] = installed.cached;
    const sound = readFileSync(kept);
    writeFileSync(kept, harm(sound));
    expect(installed.run(['analyze', 'capture.pcap'], empty)).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(kept).length).toBeGreaterThan(sound.length / 2);
    expect(readFileSync(kept).subarray(0, 16)).toEqual(sound.subarray(0, 16));
  });

  test('a home that cannot be written to is no matter', () => {
    const file = join(empty, 'capture.pcap');
    const env = { ...installed.env, HOME: file, XDG_CACHE_HOME: join(file, 'cache') };
    const { status, stderr } = spawnSync(installed.program, ['analyze', 'capture.pcap'], { cwd: empty, env });
    expect([status, stderr.toString()]).toEqual([0, '']);
  });

  test('kept code that others may write to is not taken', () => {
    const [kept] = installed.cached;
    execFileSync('chmod', ['0666', kept]);
    expect(installed.run(['analyze', 'capture.pcap'], empty).status).toBe(0);
    expect(statSync(kept).mode & 0o777).toBe(0o600);
  });

  test('demo shows the main job with the capture that is in the package', () => {
    const { status, stdout } = installed.run(['demo'], empty);
    expect([status, stdout]).toEqual([0, expect.stringContaining('all three agree byte for byte')]);
    const [, report] = /^ {2}(\/\S+\/demo-report\.html)$/m.exec(stdout) ?? [];
    expect(readFileSync(report, 'utf8')).toContain('Capture report');
    expect(report.startsWith(installed.root)).toBe(false);
    execFileSync('rm', ['-r', join(report, '..')]);
  });

  test('up runs everything until Ctrl-C', async () => {
    const up = spawn(installed.program, ['up', '--free-ports'], { cwd: empty, env: installed.env });
    const ended = once(up, 'exit');
    try {
      let printed = '';
      up.stdout.on('data', (data: Buffer) => (printed += data.toString()));
      up.stderr.resume();
      while (!printed.includes('Ctrl-C ends everything.') && up.exitCode === null)
        await Promise.race([once(up.stdout, 'data'), ended]);
      expect(printed).toMatch(/ {2}trireme client --lb /);
    } finally {
      up.kill('SIGINT');
    }
    expect(await ended).toEqual([0, null]);
  });

  describe('with a load balancer, a master and a worker of it', () => {
    const free = '127.0.0.1:0';
    const roles: RunningRole[] = [];
    const start = (...args: string[]): RunningRole => {
      const role = RunningRole.start(args, ['env', '-C', empty, `HOME=${installed.env.HOME}`], installed.root);
      roles.push(role);
      return role;
    };
    let lb: { tcp: string; grpc: string };
    let master: { grpc: string };

    const consumer = join(scratch.path, 'consumer');

    beforeAll(async () => {
      mkdirSync(join(consumer, 'node_modules/@types'), { recursive: true });
      symlinkSync(installed.root, join(consumer, 'node_modules/trireme'));
      for (const types of ['@types/node', 'undici-types'])
        symlinkSync(join(projectRoot, 'node_modules', types), join(consumer, 'node_modules', types));
      lb = (await start('lb', '--tcp', free, '--grpc', free, '--admin', free).line('listening')) as never;
      const masterArgs = ['--grpc', free, '--admin', free, '--captures', empty, '--spool', join(scratch.path, 'spool')];
      master = (await start('master', ...masterArgs).line('listening')) as never;
      const worker = start('worker', '--host', `${lb.grpc},${master.grpc}`, '--slots', '1', '--name', 'w1');
      await worker.line('attached', ({ hub }) => hub === lb.grpc);
      await worker.line('attached', ({ hub }) => hub === master.grpc);
    });
    afterAll(async () => {
      for (const role of roles.reverse()) expect(await role.end()).toBe(0);
    });

    test('jobs are answered', () => {
      const { status, stdout } = installed.run(['client', '--lb', lb.tcp, '--jobs', '1,2,1'], empty);
      expect([status, stdout]).toEqual([0, expect.stringMatching(/^\d{10}\n[0-9a-f]{64}\n\d{10}\n$/)]);
    });

    test('a capture is analysed on the cluster as on this machine', () => {
      const file = join(empty, 'capture.pcap');
      const cluster = installed.run(['analyze', '--master', master.grpc, file, '--json'], empty);
      expect(cluster.stdout).toBe(installed.run(['analyze', file, '--json'], empty).stdout);
    });

    test('a program in TypeScript is checked against its types, and does what docs/API.md shows', () => {
      copyFileSync(join(projectRoot, 'docs/examples/library.mts'), join(consumer, 'library.mts'));
      writeFileSync(join(consumer, 'wrong.cts'), wrongUses);
      const options = [
        '--strict',
        '--target',
        'es2022',
        '--module',
        'node16',
        '--types',
        'node',
        '--skipLibCheck',
        'false',
      ];
      const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc');
      const compiled = spawnSync(process.execPath, [tsc, ...options, 'library.mts', 'wrong.cts'], {
        cwd: consumer,
        encoding: 'utf8',
      });
      expect([compiled.status, compiled.stdout]).toEqual([0, '']);
      const ran = spawnSync(process.execPath, ['library.mjs', sample, lb.tcp, lb.grpc], {
        cwd: consumer,
        encoding: 'utf8',
      });
      expect([ran.status, ran.stderr]).toEqual([0, '']);
      const { packets, top } = JSON.parse(readFileSync(sample.replace('.pcap', '.expected.json'), 'utf8')) as {
        packets: number;
        top: unknown[];
      };
      const lines = ran.stdout.trimEnd().split('\n');
      expect(top.length).toBeGreaterThan(2);
      expect(lines[0]).toMatch(new RegExp(`^${packets} packets, \\d+ of them TCP over IPv4, \\d+ seconds$`));
      expect(lines.slice(4)).toEqual([
        ...['true', 'FILE_UNREADABLE', '3', 'true w1', '1000'],
        'true trireme/v1/capture.proto trireme/v1/job.proto trireme/v1/worker.proto',
      ]);
    });

    test('a program in CommonJS loads each entry, and a protocol file by its name, and nothing else', () => {
      const script = `
        const { version } = require('trireme');
        const { JobKind } = require('trireme/client');
        console.log(version, JobKind.GET_TIME, require('fs').existsSync(require.resolve('trireme/proto/trireme/v1/job.proto')));
        try { require('trireme/dist/src/main.js'); } catch (error) { console.log(error.code); }
        const packed = require('fs').createReadStream('${installed.root}/dist/sample.pcap.gz');
        require('trireme').analyzeStream(packed).then((facts) => console.log(facts.packets, facts.compression));`;
      const { stdout } = spawnSync(process.execPath, ['-e', script], {
        cwd: consumer,
        encoding: 'utf8',
      });
      expect(stdout).toBe(`${version} 1 true\nERR_PACKAGE_PATH_NOT_EXPORTED\n1043 gzip\n`);
    });
  });
});

/** Each line is wrong, and TypeScript must say so. */
const wrongUses = `
import { analyzeFile, type CaptureAnalysis } from 'trireme';
import { JobClient } from 'trireme/client';
// @ts-expect-error an interval is a bigint
void analyzeFile('x', { intervalNs: 5 });
// @ts-expect-error there is no such order
void analyzeFile('x', { sort: 'size' });
// @ts-expect-error there is no such field
export const field = (facts: CaptureAnalysis): unknown => facts.packet;
// @ts-expect-error a kind is a number or a name
void new JobClient().runJob(['GET_TIME']);
// @ts-expect-error other files are not exported
export { main } from 'trireme/dist/src/main.js';
`;
