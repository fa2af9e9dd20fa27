import { join } from 'node:path';
import { addCounters } from '../../../src/udp/bpf-maps.js';
import { bpfObjects, type Bed } from './bed.js';

const verdicts = ['ABORTED', 'DROP', 'PASS', 'TX', 'REDIRECT'] as const;

/** What the kernel's test run made of one frame. */
export interface Outcome {
  readonly verdict: (typeof verdicts)[number];
  readonly frame: Buffer;
  /** Counters that moved, by how much. */
  readonly moved: Readonly<Record<string, number>>;
}

/** A program loaded in a bed without any interface: frames go in by BPF_PROG_TEST_RUN. */
export class ProgramUnderTest {
  private readonly folder: string;

  constructor(
    private readonly bed: Bed,
    object: string,
    readonly maps: string,
    config: Buffer,
  ) {
    this.folder = `/run/${object}`;
    const bytes = [...config].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const pin = `${this.folder}/maps/${maps}_config`;
    bed.must(undefined, [
      'sh',
      '-c',
      `mkdir ${this.folder} && mount -t bpf bpf ${this.folder} &&
       bpftool prog load ${join(bpfObjects, `${object}.bpf.o`)} ${this.folder}/program type xdp pinmaps ${this.folder}/maps &&
       bpftool map update pinned ${pin} key hex 00 00 00 00 value hex ${bytes}`,
    ]);
  }

  counters(): Record<string, number> {
    const dumped = this.bed.must(undefined, [
      'bpftool',
      '-j',
      'map',
      'dump',
      'pinned',
      `${this.folder}/maps/${this.maps}_stats`,
    ]);
    const [{ formatted }] = JSON.parse(dumped) as [{ formatted: { values: { value: Record<string, number> }[] } }];
    return addCounters(formatted.values.map(({ value }) => value));
  }

  run(frame: Buffer, repeat = 1): Outcome {
    const before = this.counters();
    const octal = [...frame].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
    const said = this.bed.must(undefined, [
      'sh',
      '-c',
      `printf '${octal}' > /run/in && rm -f /run/out &&
       bpftool -j prog run pinned ${this.folder}/program data_in /run/in data_out /run/out repeat ${repeat} && od -An -v -tx1 /run/out`,
    ]);
    const end = said.indexOf('}') + 1;
    const { retval } = JSON.parse(said.slice(0, end)) as { retval: number };
    const after = this.counters();
    const moved = Object.keys(after)
      .filter((name) => after[name] !== before[name] && name !== 'reaper_runs')
      .map((name) => [name, after[name] - before[name]] as const);
    return {
      verdict: verdicts[retval],
      frame: Buffer.from(said.slice(end).replaceAll(/\s/g, ''), 'hex'),
      moved: Object.fromEntries(moved),
    };
  }
}
