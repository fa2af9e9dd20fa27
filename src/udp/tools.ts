import { spawn } from 'node:child_process';
import { TriremeError } from '../common/errors.js';

/** A tool that hangs is a fault of the machine; loading the largest program takes well under a second. */
const toolTimeoutMs = 30_000;

/** Output of one tool; more than this would be no answer to anything asked here (the largest table is 100 kB). */
const outputBytesMax = 16 * 1024 * 1024;

const packageOf: Readonly<Record<string, string>> = {
  bpftool: 'bpftool',
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  mount: 'mount',
  umount: 'mount',
  setpriv: 'util-linux',
};

/**
 * The kernel ends a tool when this program dies, even by SIGKILL. One that lived on would load, mount or
 * attach after the next command had already cleared up.
 */
const dieWithUs = ['--pdeathsig', 'KILL', '--'];

/** How setpriv and nsenter say that there is no such tool. */
const notFound = /failed to execute (\S+): No such file/;

/** Where Debian keeps bpftool and ip; root's PATH lacks it after a plain su. */
const toolPath = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

export interface ToolResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a tool to its end, whatever its exit code. It is a process group of its own: Ctrl-C reaches this program alone,
 * which finishes the step in hand and then undoes what was done. Fails with TOOL_MISSING naming the Debian package.
 */
export function runTool(argv: readonly string[], input?: string): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('setpriv', [...dieWithUs, ...argv], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, PATH: toolPath },
    });
    const output = { stdout: '', stderr: '' };
    const timer = setTimeout(() => child.kill('SIGKILL'), toolTimeoutMs);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
        if (output[name].length > outputBytesMax) child.kill('SIGKILL');
      });
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const cause = { cause: error };
      if (error.code !== 'ENOENT') reject(new TriremeError('INTERNAL', `${argv[0]}: ${error.message}`, cause));
      else reject(toolMissing('setpriv', cause));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal !== null) output.stderr += ` (ended by ${signal})`;
      const [, missing] = notFound.exec(output.stderr) ?? [];
      if (code === 127 && missing !== undefined) reject(toolMissing(missing, {}));
      else resolve({ exitCode: code ?? 1, ...output });
    });
    // A tool that ends without reading its input is judged by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

function toolMissing(tool: string, options: ErrorOptions): TriremeError {
  const name = packageOf[tool] ?? tool;
  return new TriremeError(
    'TOOL_MISSING',
    `the labs need ${tool}, which is not installed: apt-get install ${name}`,
    options,
  );
}

/** Standard output of a tool that must succeed; otherwise JOB_FAILED with what was meant and what the tool said. */
export async function mustRun(meaning: string, argv: readonly string[], input?: string): Promise<string> {
  const result = await runTool(argv, input);
  if (result.exitCode === 0) return result.stdout;
  throw new TriremeError('JOB_FAILED', `${meaning}: ${saidBy(result)}`, { cause: new Error(argv.join(' ')) });
}

/** The last lines of what a tool said, as one line. */
export function saidBy(result: ToolResult): string {
  const lines = `${result.stderr}\n${result.stdout}`.split('\n').map((line) => line.trim());
  const said = lines.filter((line) => line !== '').slice(-2);
  return said.length > 0 ? said.join('; ') : `exit code ${result.exitCode}`;
}

/** Refuses early and clearly: every step of the labs' kernel side needs root. */
export function requireRoot(what: string): void {
  if (process.getuid?.() === 0) return;
  throw new TriremeError('PRIVILEGE', `${what} needs root (user id is ${process.getuid?.()}): run it with sudo`);
}
