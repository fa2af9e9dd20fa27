import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import { lbConfigBytes, parityConfigBytes } from '../../src/udp/config-bytes.js';
import { Bed, bpfObjects, hostCompiler, missingForBed, root } from '../../test/lab/support/bed.js';
import { u32, udpFrame } from '../../test/lab/support/frames.js';
import { endToEnd } from './end-to-end.js';

/** Runs of one packet in a measurement, and measurements of which the median counts. */
const repeat = 1_000_000;
const rounds = 5;

/** Objects of Debian's xdp-tools, for comparison. */
const xdpFilterObject = '/usr/lib/x86_64-linux-gnu/bpf/xdpfilt_alw_udp.o';

function hex(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** Loads a program in the bed and returns its pin. */
function load(bed: Bed, name: string, object: string, config?: { map: string; bytes: Buffer }): string {
  const folder = `/run/bench/${name}`;
  const set =
    config === undefined
      ? 'true'
      : `bpftool map update pinned ${folder}-maps/${config.map} key hex 00 00 00 00 value hex ${hex(config.bytes)}`;
  bed.must(undefined, ['sh', '-c', `bpftool prog load ${object} ${folder} type xdp pinmaps ${folder}-maps && ${set}`]);
  return folder;
}

/** Median ns of a packet, and the verdict of the last. */
function measure(bed: Bed, pin: string, frame: Buffer, count = repeat): { ns: number; verdict: number } {
  const octal = [...frame].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  const command = `printf '${octal}' > /run/frame && bpftool -j prog run pinned ${pin} data_in /run/frame repeat ${count}`;
  const results = Array.from({ length: count === 1 ? 1 : rounds }, () => {
    const { retval, duration } = JSON.parse(bed.must(undefined, ['sh', '-c', command])) as {
      retval: number;
      duration: number;
    };
    return { verdict: retval, ns: duration };
  });
  return results.sort((one, other) => one.ns - other.ns)[Math.floor(results.length / 2)];
}

async function main(): Promise<void> {
  const missing = missingForBed();
  if (missing !== undefined) {
    process.stdout.write(`SKIP: bench xdp: ${missing}\n`);
    return;
  }
  const bed = await Bed.make([]);
  bed.must(undefined, ['sh', '-c', 'mkdir /run/bench && mount -t bpf bpf /run/bench']);
  const rows: [string, number, string][] = [];
  const row = (what: string, pin: string, frame: Buffer, expected: number): void => {
    const { ns, verdict } = measure(bed, pin, frame);
    rows.push([what, ns, verdict === expected ? '' : `verdict ${verdict}, expected ${expected}`]);
  };
  const [drop, pass, tx] = [1, 2, 3];
  const at = (toPort: number, payload: Buffer, fromPort = 4000): Buffer =>
    udpFrame({ toPort, payload, fromPort, padTo: 60 });

  const stub = load(bed, 'pass', join(bpfObjects, 'xdp_pass.bpf.o'));
  row('xdp_pass', stub, at(50001, u32(1)), pass);
  const bytes = parityConfigBytes({ port: 50001, trace: false, netns: 0 });
  const parity = load(bed, 'parity', join(bpfObjects, 'udp_parity.bpf.o'), { map: 'parity_config', bytes });
  row('parity: even', parity, at(50001, u32(2)), drop);
  row('parity: odd', parity, at(50001, u32(3)), pass);
  row('parity: other port', parity, at(50003, u32(2)), pass);
  if (existsSync(xdpFilterObject)) {
    // It pins its maps by name in the standard place, which inside the bed is ours alone.
    const filter = '/sys/fs/bpf/filter';
    const command = `mount -t bpf bpf /sys/fs/bpf && bpftool prog load ${xdpFilterObject} ${filter} type xdp`;
    bed.must(undefined, ['sh', '-c', command]);
    row('xdp-filter, udp, port not listed', filter, at(50001, u32(2)), pass);
  } else process.stdout.write('SKIP: xdp-filter: apt-get install xdp-tools\n');

  row(
    'wrapper of the rows below',
    load(bed, 'wrapper', join(bpfObjects, 'wrapper_bench.bpf.o')),
    at(50001, u32(2)),
    pass,
  );
  for (const servers of [0, 1, 4, 16]) {
    const config = lbConfigBytes({
      port: 50002,
      trace: false,
      netns: 0,
      silentMs: 3_600_000,
      graceMs: 3_600_000,
      reapMs: 100,
      triesMax: 5,
      addresses: ['10.9.0.1'],
      servers: { address: '0.0.0.0', bits: 0 },
    });
    const object = join(bpfObjects, 'udp_lb_bench.bpf.o');
    const lb = load(bed, `lb${servers}`, object, { map: 'lb_config', bytes: config });
    const hello = (n: number): Buffer => at(50002, Buffer.of(8), 7000 + n);
    for (let n = 0; n < servers; n++) measure(bed, lb, hello(n), 1);
    if (servers === 0) {
      measure(bed, lb, at(50002, u32(5)), 1100);
      row('lb: other port', lb, at(50001, u32(5)), pass);
      row('lb: job, no server, queue full', lb, at(50002, u32(5)), drop);
    } else {
      row(`lb: heartbeat, ${servers} servers`, lb, hello(servers - 1), drop);
      row(`lb: job dispatched, ${servers} servers`, lb, at(50002, u32(5)), tx);
    }
  }
  const [, passNs] = rows[0];
  const wrapperNs = (rows.find(([what]) => what.startsWith('wrapper'))?.[1] ?? passNs) - passNs;
  const head = ['program, path', 'ns a packet', 'without wrapper', 'x xdp_pass', ''];
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const [what, ns, note] of rows) {
    const net = what.startsWith('lb:') ? ns - wrapperNs : ns;
    table.push([what, ns, net, (net / passNs).toFixed(1), note]);
  }
  process.stdout.write(`${table.toString()}\n`);
  process.stdout.write(
    `BPF_PROG_TEST_RUN, ${repeat} runs, median of ${rounds}; the wrapper saves and restores the packet between runs\n`,
  );
  await bed.end();

  const compiler = hostCompiler();
  if (compiler === undefined) process.stdout.write('SKIP: end to end: no C compiler\n');
  else await endToEnd(compiler, join(root, 'bench', 'xdp', 'relay.c'));
}

new Command('bench xdp')
  .description(
    `measure the labs' XDP programs: ns a packet through BPF_PROG_TEST_RUN (${repeat} runs, median of ${rounds}), then jobs a second ` +
      'and round trips over veth beside a relay in user space; needs root, bpftool and built programs, else it says SKIP',
  )
  .addHelpText('after', '\nExamples:\n  make bpf && make bench ARGS=xdp')
  .action(main)
  .parseAsync()
  .catch((error: Error) => {
    process.stderr.write(`bench xdp: ${error.message}\n`);
    process.exitCode = 1;
  });
