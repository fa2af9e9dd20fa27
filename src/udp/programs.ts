import { accessSync } from 'node:fs';
import { join } from 'node:path';
import { TriremeError } from '../common/errors.js';
import { projectRoot } from '../common/version.js';

/** The programs that `xdp attach` knows. */
export const programNames = ['parity', 'lb', 'pass'] as const;
export type ProgramName = (typeof programNames)[number];

interface Program {
  /** Object file under dist/bpf, and name of the program inside. */
  readonly object: string;
  readonly summary: string;
  /** Default of --port; the pass stub looks at no port. */
  readonly port?: number;
}

export const programs: Readonly<Record<ProgramName, Program>> = {
  parity: { object: 'udp_parity', summary: 'lab A: drop datagrams whose number is even', port: 50001 },
  lb: { object: 'udp_lb', summary: 'lab B: balance jobs over servers', port: 50002 },
  pass: { object: 'xdp_pass', summary: 'pass everything (for the far end of a veth pair)' },
};

const remedy =
  'run make bpf in the repository (it needs clang), or name the folder of the objects in TRIREME_BPF_OBJECTS';

/** Path of a program's object; TOOL_MISSING when it was not built. */
export function objectPath(name: ProgramName): string {
  const path = join(
    process.env.TRIREME_BPF_OBJECTS ?? join(projectRoot, 'dist', 'bpf'),
    `${programs[name].object}.bpf.o`,
  );
  try {
    accessSync(path);
  } catch (error) {
    throw new TriremeError('TOOL_MISSING', `the XDP program ${path} is not there: ${remedy}`, { cause: error });
  }
  return path;
}
