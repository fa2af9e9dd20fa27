import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from '../support/scratch.js';
import { Bed, describeWithKernel, pause, root, until } from './support/bed.js';

/** Processes of this machine that carry a mark in their environment. */
function processesMarked(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
    } catch {
      return false;
    }
  });
}

/** Namespaces and mounts on this machine that a lab could have made; others may have some of their own. */
function hostTraces(): string[] {
  const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns').filter((name) => name === 'bridge') : [];
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes('/run/trireme'));
  return [...namespaces, ...mounts];
}

describeWithKernel('Ctrl-C at any moment', () => {
  const folder = scratchFolder();
  let bed: Bed;

  beforeAll(async () => {
    bed = await Bed.make(['server', 'client']);
  });
  afterAll(() => bed.end());

  test('xdp attach is done or undone, never half', async () => {
    let [done, undone] = [0, 0];
    for (let ms = 75; ms <= 600 && (done === 0 || ms <= 260); ms += 45) {
      const attaching = bed.startTrireme('server', 'xdp', 'attach', 'lb', '--iface', 'eth0');
      await pause(ms);
      const { code, stderr } = await attaching.stop();
      // A signal before the program listens ends it as any other, with nothing begun.
      const link = bed.must('server', ['ip', '-j', 'link', 'show', 'dev', 'eth0']);
      if (link.includes('"xdp"')) {
        done++;
        // 128: the signal came when all was done and Node had put its handlers away.
        expect([0, 128]).toContain(code);
        expect(bed.stats('server')).toMatchObject({ program: 'lb', jobs: 0 });
        bed.mustTrireme('server', 'xdp', 'detach');
      } else {
        undone++;
        if (stderr !== '') expect(stderr).toBe('trireme: stopped by SIGINT, nothing is left behind\n');
      }
      expect(bed.leftovers()).toEqual([]);
    }
    expect(undone).toBeGreaterThan(0);
  });

  test('a killed attach is cleared away by the next command', async () => {
    for (const ms of [150, 220, 290]) {
      const attaching = bed.startTrireme('server', 'xdp', 'attach', 'lb', '--iface', 'eth0');
      await pause(ms);
      await attaching.stop('SIGKILL');
      bed.trireme('server', 'xdp', 'detach');
      if (bed.leftovers().length > 0) {
        await pause(2100);
        bed.trireme('server', 'xdp', 'detach');
      }
      expect([ms, bed.leftovers()]).toEqual([ms, []]);
    }
  });

  test('a tool at work dies with a killed attach: it could meet what comes after', async () => {
    const slow = `#!/usr/bin/env python3
import os, sys, time
if sys.argv[1:3] == ['prog', 'load']: time.sleep(20)
os.environ['PATH'] = '/usr/local/sbin:/usr/sbin:/usr/bin:/bin'
os.execvp('bpftool', sys.argv)
`;
    chmodSync(folder.file('bpftool', slow), 0o755);
    const mark = `TRIREME_TEST_MARK=${randomBytes(8).toString('hex')}`;
    const environment = ['env', `PATH=${folder.path}:/usr/bin:/bin`, mark];
    const attach = [join(root, 'bin', 'trireme'), 'xdp', 'attach', 'parity', '--iface', 'eth0'];
    const attaching = bed.start('server', [...environment, process.execPath, ...attach]);
    await until(() => bed.leftovers().some((line) => line.startsWith('bpf ')) && processesMarked(mark).length === 2, {
      timeoutMs: 10_000,
      what: () => 'a tool that loads the program',
    });
    await attaching.stop('SIGKILL');
    await until(() => processesMarked(mark).length === 0, { timeoutMs: 5000, what: () => 'the end of the tool' });
    bed.mustTrireme('server', 'xdp', 'attach', 'parity', '--iface', 'eth0');
    bed.mustTrireme('server', 'xdp', 'detach');
    expect(bed.leftovers()).toEqual([]);
  });

  test('udp-server takes its filter off, by SIGINT and by SIGTERM', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const server = bed.startTrireme('server', 'udp-server', '--xdp', 'eth0');
      await server.said(/listening/);
      expect(bed.leftovers()).not.toEqual([]);
      expect((await server.stop(signal)).code).toBe(0);
      expect(bed.leftovers()).toEqual([]);
    }
  });

  test('udp-server takes its filter off when the reader of its output has seen enough', async () => {
    const serve = `${process.execPath} ${join(root, 'bin', 'trireme')} udp-server --xdp eth0 | head -1`;
    const server = bed.start('server', ['sh', '-c', serve]);
    await server.said(/listening/);
    bed.mustTrireme('client', 'udp-client', '--to', '10.9.0.1:50001', '--count', '100', '--interval-ms', '10');
    expect((await server.ended).stderr).toMatch(/^parity filter .*\nlistening .*\n\d+ numbers: \d+ odd, 0 even\n$/);
    expect(bed.leftovers()).toEqual([]);
  });

  test.each(['a', 'b'])('lab %s ends with all that it made', async (name) => {
    const before = hostTraces();
    for (const [ms, signal] of [
      [150, 'SIGINT'],
      [900, 'SIGINT'],
      [2500, 'SIGINT'],
      [2000, 'SIGKILL'],
    ] as const) {
      const mark = `TRIREME_TEST_MARK=${randomBytes(8).toString('hex')}`;
      const lab = spawn(process.execPath, [join(root, 'bin', 'trireme'), 'lab', name], {
        stdio: 'ignore',
        env: { ...process.env, TRIREME_TEST_MARK: mark.split('=')[1] },
      });
      const closed = new Promise<void>((resolve) => lab.on('close', () => resolve()));
      await pause(ms);
      lab.kill(signal);
      await closed;
      // Nothing outlives the inner process, which a killed outer one takes a moment to end.
      await until(() => processesMarked(mark).length === 0, {
        timeoutMs: signal === 'SIGKILL' ? 8000 : 2000,
        what: () => `the end of ${processesMarked(mark).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))}`,
      });
      expect(hostTraces().filter((trace) => !before.includes(trace))).toEqual([]);
    }
  });
});

describeWithKernel('what is wrong is said in one line', () => {
  let bed: Bed;

  beforeAll(async () => {
    bed = await Bed.make(['server', 'client']);
  });
  afterAll(() => bed.end());

  const fails = (...argv: string[]): [number, string] => {
    const { code, stderr } = bed.trireme('server', ...argv);
    return [code, stderr];
  };

  test('an interface that does not exist, a handle port, nothing attached', () => {
    expect(fails('xdp', 'attach', 'lb', '--iface', 'eth7')).toEqual([
      2,
      "trireme: --iface: there is no interface 'eth7' here; there are lo, eth0\n",
    ]);
    expect(fails('xdp', 'attach', 'lb', '--iface', 'eth0', '--port', '20000')[1]).toMatch(
      /^trireme: --port: 20000 .*\n$/,
    );
    for (const wrong of [
      ['xdp', 'attach', 'nothing', '--iface', 'eth0'],
      ['xdp', 'attach', 'lb'],
      ['xdp', 'attach', 'lb', '--iface', 'eth0', '--port', '65536'],
      ['xdp', 'detach', '--unknown'],
      ['udp-server', '--mode', 'magic'],
      ['job-server', '--lb', '10.9.0.1', '--threads', '256'],
      ['job-client', '1', '2', '1', '--lb', '10.9.0.1'],
    ])
      expect([wrong, fails(...wrong)]).toEqual([wrong, [2, expect.stringMatching(/^[^\n]+\n$/)]]);
    expect(fails('xdp', 'stats')).toEqual([
      2,
      'trireme: no program of this project is attached in this network namespace: run trireme xdp attach\n',
    ]);
  });

  test('a driver without native XDP', () => {
    bed.must('server', ['ip', 'link', 'add', 'd0', 'type', 'bridge']);
    const [code, said] = fails('xdp', 'attach', 'parity', '--iface', 'd0');
    expect(said).toMatch(/^trireme: attach to d0 in native mode: .*use --mode generic\n$/);
    expect(code).toBe(1);
    expect(bed.leftovers()).toEqual([]);
    bed.must('server', ['ip', 'link', 'del', 'd0']);
  });

  test('an interface that carries a program, ours or another, keeps it', () => {
    bed.mustTrireme('server', 'xdp', 'attach', 'parity', '--iface', 'eth0', '--port', '777');
    expect(fails('xdp', 'attach', 'parity', '--iface', 'eth0')[1]).toMatch(/^trireme: eth0 already carries .*\n$/);
    expect(bed.stats('server')).toMatchObject({ port: 777 });
    bed.mustTrireme('server', 'xdp', 'detach');
    const load = `mkdir -p /run/other && mount -t bpf bpf /run/other &&
      bpftool prog load ${root}/dist/bpf/xdp_pass.bpf.o /run/other/p type xdp`;
    bed.must(undefined, ['sh', '-c', load]);
    bed.must('server', ['bpftool', 'net', 'attach', 'xdpdrv', 'pinned', '/run/other/p', 'dev', 'eth0']);
    expect(fails('xdp', 'attach', 'parity', '--iface', 'eth0')[1]).toMatch(/^trireme: eth0 already carries .*\n$/);
    expect(fails('xdp', 'detach', '--iface', 'eth0')[1]).toMatch(/was not attached by this project/);
    expect(bed.must('server', ['ip', '-j', 'link', 'show', 'dev', 'eth0'])).toContain('"xdp"');
    bed.must('server', ['ip', 'link', 'set', 'dev', 'eth0', 'xdp', 'off']);
  });

  test('no root, no bpftool', () => {
    const user = ['setpriv', '--reuid=65534', '--clear-groups', process.execPath, join(root, 'bin', 'trireme')];
    expect(bed.run('server', [...user, 'xdp', 'attach', 'lb', '--iface', 'eth0'])).toMatchObject({
      code: 1,
      stderr: 'trireme: trireme xdp attach needs root (user id is 65534): run it with sudo\n',
    });
    const hide = 'mount -t tmpfs tmpfs /usr/sbin && exec "$@"';
    const unshare = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', hide, 'sh'];
    const bare = [...unshare, process.execPath, join(root, 'bin', 'trireme')];
    // The tools are found where Debian keeps them, in whatever PATH.
    const pathless = ['env', 'PATH=/usr/bin:/bin', process.execPath, join(root, 'bin', 'trireme')];
    expect(bed.run('server', [...pathless, 'xdp', 'attach', 'pass', '--iface', 'eth0'])).toMatchObject({ code: 0 });
    bed.mustTrireme('server', 'xdp', 'detach');
    expect(bed.run('server', [...bare, 'xdp', 'attach', 'lb', '--iface', 'eth0'])).toMatchObject({
      code: 1,
      stderr: 'trireme: the labs need bpftool, which is not installed: apt-get install bpftool\n',
    });
  });

  let hosts = 0;

  /** A host with an interface of its own, which a test may remove. Links end some time after their namespace. */
  const addInterface = (host: string): void => {
    bed.must(undefined, ['ip', 'link', 'add', 'eth0', 'netns', host, 'type', 'veth', 'peer', 'name', `g${++hosts}`]);
    bed.must(undefined, ['ip', '-n', host, 'link', 'set', 'eth0', 'up']);
  };
  const passingHost = (): void => {
    bed.must(undefined, ['ip', 'netns', 'add', 'gone']);
    addInterface('gone');
  };

  test('an attachment whose namespace, interface or program is gone is cleared by the next command', () => {
    const ends = {
      'its network namespace': ['ip', 'netns', 'del', 'gone'],
      'its interface': ['ip', '-n', 'gone', 'link', 'del', 'eth0'],
      'its program': ['ip', '-n', 'gone', 'link', 'set', 'dev', 'eth0', 'xdp', 'off'],
    };
    for (const [what, end] of Object.entries(ends)) {
      passingHost();
      bed.mustTrireme('gone', 'xdp', 'attach', 'lb', '--iface', 'eth0');
      bed.must(undefined, end);
      expect(bed.trireme('server', 'xdp', 'stats').stderr).toMatch(
        new RegExp(`^cleared lb on eth0: ${what} is gone\ntrireme: no program of this project `),
      );
      expect(bed.leftovers()).toEqual([]);
      bed.run(undefined, ['ip', 'netns', 'del', 'gone']);
    }
  });

  test('detach is content when what it should take off has gone by itself', () => {
    passingHost();
    bed.mustTrireme('gone', 'xdp', 'attach', 'parity', '--iface', 'eth0');
    bed.must(undefined, ['ip', '-n', 'gone', 'link', 'set', 'dev', 'eth0', 'xdp', 'off']);
    expect(bed.trireme('gone', 'xdp', 'detach', '--iface', 'eth0').code).toBe(0);
    expect(bed.trireme('gone', 'xdp', 'detach', '--iface', 'eth0').code).toBe(2);
    bed.must(undefined, ['ip', 'netns', 'del', 'gone']);
  });

  test('a namespace that got the number of one that has ended gets its own attachment', () => {
    const numberOf = (host: string): string => bed.must(undefined, ['stat', '-L', '-c%i', `/run/netns/${host}`]).trim();
    passingHost();
    const number = numberOf('gone');
    bed.mustTrireme('gone', 'xdp', 'attach', 'lb', '--iface', 'eth0');
    bed.must(undefined, ['ip', 'netns', 'del', 'gone']);
    // The kernel gives the lowest free number.
    const made: string[] = [];
    const same = (): boolean => made.length > 0 && numberOf(made[made.length - 1]) === number;
    while (!same() && made.length < 100) {
      bed.must(undefined, ['ip', 'netns', 'add', `n${made.length}`]);
      made.push(`n${made.length}`);
    }
    if (same()) {
      const heir = made[made.length - 1];
      addInterface(heir);
      bed.mustTrireme(heir, 'xdp', 'attach', 'parity', '--iface', 'eth0');
      expect(bed.stats(heir)).toMatchObject({ program: 'parity' });
      bed.mustTrireme(heir, 'xdp', 'detach');
    } else {
      console.log(`SKIP: the kernel gave the number ${number} to no new namespace`);
      bed.trireme('server', 'xdp', 'stats');
    }
    for (const host of made) bed.must(undefined, ['ip', 'netns', 'del', host]);
    expect(bed.leftovers()).toEqual([]);
  });

  test('two runs side by side do not meet', async () => {
    const other = await Bed.make(['server', 'client']);
    try {
      bed.mustTrireme('server', 'xdp', 'attach', 'parity', '--iface', 'eth0');
      bed.mustTrireme('client', 'xdp', 'attach', 'parity', '--iface', 'eth0', '--port', '5');
      other.mustTrireme('server', 'xdp', 'attach', 'lb', '--iface', 'eth0');
      expect(bed.stats('server')).toMatchObject({ program: 'parity', port: 50001 });
      expect(bed.stats('client')).toMatchObject({ program: 'parity', port: 5 });
      expect(other.stats('server')).toMatchObject({ program: 'lb' });
      bed.mustTrireme('server', 'xdp', 'detach', '--all');
      expect(bed.leftovers()).toEqual([]);
      expect(other.stats('server')).toMatchObject({ program: 'lb' });
      other.mustTrireme('server', 'xdp', 'detach');
    } finally {
      await other.end();
    }
  });

  test('a command inside ip netns exec pins where everybody sees it', () => {
    const inside = ['sh', '-c', `ip netns exec server ${process.execPath} ${root}/bin/trireme xdp "$@"; exit $?`, 'sh'];
    bed.must(undefined, [...inside, 'attach', 'lb', '--iface', 'eth0']);
    expect(bed.stats('server')).toMatchObject({ program: 'lb', jobs: 0 });
    expect(bed.must(undefined, [...inside, 'stats'])).toContain('lb on eth0');
    bed.must(undefined, [...inside, 'detach']);
    expect(bed.leftovers()).toEqual([]);
  });
});
