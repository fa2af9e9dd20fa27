import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An instruction of the BSD packet filter: code, jumps when true and false, operand. */
type Instruction = readonly [code: number, jt: number, jf: number, k: number];

export type Program = readonly Instruction[];

/** The header of a classic capture without packets. */
export function captureHeader(link: number, bigEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(24));
  view.setUint32(0, 0xa1b2c3d4, !bigEndian);
  view.setUint16(4, 2, !bigEndian);
  view.setUint16(6, 4, !bigEndian);
  view.setUint32(16, 262_144, !bigEndian);
  view.setUint32(20, link, !bigEndian);
  return new Uint8Array(view.buffer);
}

/** Why nothing can be compared with tcpdump here; null: it is there, in a version whose answers the tests know. */
export function tcpdumpMissing(): string | null {
  const { stderr, stdout, error } = spawnSync('tcpdump', ['--version'], { encoding: 'utf8' });
  if (error !== undefined) return 'tcpdump is not installed';
  const version = /libpcap version (\d+)\.(\d+)/.exec(`${stdout}${stderr}`);
  if (version === null || Number(version[1]) !== 1 || Number(version[2]) < 10) return 'libpcap is older than 1.10';
  return null;
}

/** What libpcap compiles without its optimiser; a text: why it refuses. */
export function compileByTcpdump(
  folder: string,
  expression: string,
  link: number,
  bigEndian = false,
): Program | string {
  const file = join(folder, `header-${link}-${bigEndian}.pcap`);
  writeFileSync(file, captureHeader(link, bigEndian));
  const { status, stdout, stderr } = spawnSync('tcpdump', ['-n', '-O', '-ddd', '-r', file, '--', expression], {
    encoding: 'utf8',
  });
  if (status !== 0) return stderr.trim().split('\n').pop() ?? 'tcpdump failed';
  return stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(' ').map(Number) as unknown as Instruction);
}

/** How many packets of a file match. Throws with tcpdump's words where it refuses. */
export function countByTcpdump(file: string, expression: string): number {
  const args = ['-n', '-O', '--count', '-r', file, '--', expression];
  const out = execFileSync('tcpdump', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return Number(/^(\d+) packet/m.exec(out)?.[1]);
}

/** Runs a program on the captured bytes of a packet, as bpf_filter() of libpcap does. */
export function runProgram(program: Program, packet: Uint8Array, wireLength: number): boolean {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const length = packet.length;
  const memory = new Array<number>(16).fill(0);
  let a = 0;
  let x = 0;
  for (let pc = 0; ; pc++) {
    const [code, jt, jf, k] = program[pc];
    const operand = (code & 0x08) !== 0 ? x : k;
    switch (code & 7) {
      case 0: {
        const mode = code & 0xe0;
        const size = [4, 2, 1][(code & 0x18) >> 3];
        if (mode === 0x00) a = k;
        else if (mode === 0x60) a = memory[k];
        else if (mode === 0x80) a = wireLength;
        else {
          const at = mode === 0x40 ? x + k : k;
          if (at + size > length) return false;
          a = size === 4 ? view.getUint32(at) : size === 2 ? view.getUint16(at) : view.getUint8(at);
        }
        break;
      }
      case 1: {
        const mode = code & 0xe0;
        if (mode === 0xa0) {
          if (k >= length) return false;
          x = (view.getUint8(k) & 15) << 2;
        } else x = mode === 0x00 ? k : mode === 0x60 ? memory[k] : wireLength;
        break;
      }
      case 2:
        memory[k] = a;
        break;
      case 3:
        memory[k] = x;
        break;
      case 4: {
        const result = arithmetic(code & 0xf0, a, operand);
        if (result === null) return false;
        a = result;
        break;
      }
      case 5:
        switch (code & 0xf0) {
          case 0x00:
            pc += k;
            break;
          case 0x10:
            pc += a === operand ? jt : jf;
            break;
          case 0x20:
            pc += a > operand ? jt : jf;
            break;
          case 0x30:
            pc += a >= operand ? jt : jf;
            break;
          default:
            pc += (a & operand) !== 0 ? jt : jf;
        }
        break;
      case 6:
        return k !== 0;
      default:
        if ((code & 0xf8) === 0x80) a = x;
        else x = a;
    }
  }
}

/** Null: a division by zero, which ends the program. */
function arithmetic(operation: number, a: number, b: number): number | null {
  switch (operation) {
    case 0x00:
      return (a + b) >>> 0;
    case 0x10:
      return (a - b) >>> 0;
    case 0x20:
      return Math.imul(a, b) >>> 0;
    case 0x30:
      return b === 0 ? null : Math.floor(a / b);
    case 0x40:
      return (a | b) >>> 0;
    case 0x50:
      return (a & b) >>> 0;
    case 0x60:
      return b < 32 ? (a << b) >>> 0 : 0;
    case 0x70:
      return b < 32 ? a >>> b : 0;
    case 0x80:
      return -a >>> 0;
    case 0x90:
      return b === 0 ? null : a % b;
    default:
      return (a ^ b) >>> 0;
  }
}
