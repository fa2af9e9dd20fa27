import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { playedDocuments, ranElsewhere, toolsOf } from '../support/documented-commands.js';
import { commandsOf, readDocument, type Block } from '../support/documents.js';
import { scratchFolder } from '../support/scratch.js';
import { ShellSession } from '../support/shell-session.js';
import { Bed, describeWithKernel, root } from './support/bed.js';

/** The machines of the documents, in the order of their addresses: 192.0.2.1 and so on. */
const machines = ['lb', 'w1', 'w2', 'c'];

/** What a shell must know to be a terminal in the repository: its tools, and that everything is built already. */
const prelude = (folder: string, machine: string): string[] => [
  'set -m',
  `cd ${folder}`,
  `export PATH=${join(folder, 'bin')}:${join(root, 'build', 'tools')}:$PATH`,
  // Roles leave what they find of others that seem dead; this is not theirs.
  `export TMPDIR=${folder}`,
  `ip addr add 192.0.2.${machines.indexOf(machine) + 1}/24 dev eth0`,
  'make() { command make -o build -o built -o bpf "$@"; }',
  'sudo() { "$@"; }',
];

const scratch = scratchFolder();

/** A folder that looks like the repository, in which documents may leave what they make. */
function workplace(name: string): string {
  const folder = join(scratch.path, name.replaceAll('/', '-'));
  // A second try begins anew.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const part of [
    'bin',
    'captures',
    'dist',
    'scripts',
    'bpf',
    'bench',
    'Makefile',
    'node_modules',
    'package.json',
    'proto',
  ])
    symlinkSync(join(root, part), join(folder, part));
  return folder;
}

/** Follows one document from its first command to its last, each on the machine that its block names. */
class Player {
  private readonly sessions = new Map<string, ShellSession>();
  private stays = 0;

  constructor(
    private readonly bed: Bed,
    private readonly folder: string,
  ) {}

  async play(blocks: readonly Block[]): Promise<void> {
    let last: ShellSession | null = null;
    for (const block of blocks) {
      const [kind, ...words] = block.info;
      if (kind === 'text' && last !== null) {
        await last.shows(block.text.trimEnd().split('\n'));
        last = null;
      }
      if (kind !== 'sh') continue;
      const session = await this.session(words.find((word) => machines.includes(word)) ?? 'lb');
      last = session;
      const from = session.printed.length;
      for (const command of commandsOf(block)) {
        if (command in ranElsewhere) continue;
        const missing = toolsOf(command).filter(
          (tool) => this.bed.run(undefined, ['sh', '-c', `command -v ${tool}`]).code !== 0,
        );
        if (missing.length > 0 && !existsSync(join(root, 'build', 'tools', missing[0]))) {
          console.log(`SKIP: ${command}: ${missing.join(', ')} is not installed`);
          continue;
        }
        if (words.includes('stays')) await this.stay(session, command);
        else
          expect([command, await session.run(command), session.printed.slice(from)]).toEqual([
            command,
            0,
            expect.anything(),
          ]);
      }
    }
  }

  /** In a terminal of its own: it runs on, and is ready when it says so. */
  private async stay(session: ShellSession, command: string): Promise<void> {
    const log = `stays-${++this.stays}.log`;
    await session.run(`{ ${command}; } > ${log} 2>&1 &`);
    const ready = `grep -qE 'listening|attached|^gRPC captures' ${log}`;
    const code = await session.run(
      `until ${ready}; do kill -0 $! || { cat ${log}; false; break; }; sleep 0.1; done; ${ready}`,
    );
    expect([command, code, code === 0 ? '' : session.printed.slice(-2000)]).toEqual([command, 0, '']);
  }

  private async session(machine: string): Promise<ShellSession> {
    const known = this.sessions.get(machine);
    if (known !== undefined) return known;
    const session = new ShellSession(this.bed.spawn(machine, ['bash']), machine);
    this.sessions.set(machine, session);
    for (const command of prelude(this.folder, machine))
      expect([command, await session.run(command)]).toEqual([command, 0]);
    return session;
  }

  async end(): Promise<void> {
    await Promise.all([...this.sessions.values()].map((session) => session.end()));
  }
}

describeWithKernel('the documents, followed to the letter on four machines', () => {
  test.each(playedDocuments)(
    '%s',
    async (path) => {
      const bed = await Bed.make(machines);
      const player = new Player(bed, workplace(path));
      try {
        await player.play(readDocument(path).blocks);
        expect(bed.leftovers()).toEqual([]);
      } finally {
        await player.end();
        await bed.end();
      }
    },
    180_000,
  );
});
