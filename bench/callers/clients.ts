import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../src/common/version.js';

const run = promisify(execFile);
const source = join(projectRoot, 'bench', 'callers');
/** Where packages and programs of other languages are put. */
const built = join(projectRoot, 'build', 'callers');
/** Installing and compiling all that a client needs, once. */
const buildTimeoutMs = 280_000;

/** A gRPC library and how to run its client; the arguments TARGET MODE SECONDS follow. */
export interface Client {
  readonly library: string;
  readonly command: readonly string[];
}

/** How each client is made, and the command that runs it. What a machine lacks throws. */
const makers: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  'grpc-js': () => Promise.resolve([process.execPath, join(__dirname, 'grpc-js.js')]),
  'grpc-go': async () => {
    const program = join(built, 'grpc-go-caller');
    await make('go', ['build', '-o', program, '.'], join(source, 'go'));
    return [program];
  },
  grpcio: async () => {
    const python = join(built, 'python', 'bin', 'python3');
    if (!existsSync(python)) await make('python3', ['-m', 'venv', join(built, 'python')]);
    await make(python, ['-m', 'pip', 'install', '--quiet', 'grpcio']);
    return [python, join(source, 'client.py')];
  },
  tonic: async () => {
    const target = join(built, 'tonic');
    await make('cargo', ['build', '--quiet', '--release', '--target-dir', target], join(source, 'tonic'));
    return [join(target, 'release', 'grpc-tonic-caller')];
  },
  'connect-node': async () => {
    const modules = join(built, 'connect');
    mkdirSync(modules, { recursive: true });
    writeFileSync(join(modules, 'package.json'), '{"private":true}');
    const packages = ['@connectrpc/connect@2', '@connectrpc/connect-node@2', '@bufbuild/protobuf@2'];
    await make('npm', ['install', '--silent', '--no-audit', '--no-fund', ...packages], modules);
    process.env.CALLER_MODULES = modules;
    process.env.CALLER_DESCRIPTORS = join(projectRoot, 'dist', 'proto.binpb');
    return [process.execPath, join(source, 'connect-node.mjs')];
  },
};

export const libraries: readonly string[] = Object.keys(makers);

async function make(command: string, args: readonly string[], cwd = projectRoot): Promise<void> {
  await run(command, args, { cwd, timeout: buildTimeoutMs });
}

/** Makes the client of a library; a string says why there is none here. */
export async function makeClient(library: string): Promise<Client | string> {
  mkdirSync(built, { recursive: true });
  try {
    return { library, command: await makers[library]() };
  } catch (error) {
    return (error as Error).message.split('\n').filter(Boolean).slice(0, 2).join(' ').slice(0, 200);
  }
}
