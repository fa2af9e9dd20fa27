import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Where Debian puts it, which is no part of every user's PATH. */
const program = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', 'nginx'].find((path) => {
  try {
    execFileSync(path, ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** Whether nginx is installed. */
export const nginxIsHere = program !== undefined;

/** nginx serving one folder on a free port of loopback, as a process of its own; nothing of the system's is touched. */
export class Nginx {
  private child: ChildProcess | null = null;

  private constructor(
    private readonly state: string,
    private readonly config: string,
    readonly origin: string,
  ) {}

  /**
   * @param state empty folder for its configuration and logs
   * @param bytesPerSecond what each answer is held to, so that there is a middle of it
   */
  static async start(folder: string, state: string, bytesPerSecond: number): Promise<Nginx> {
    const port = await freePort();
    mkdirSync(join(state, 'temp'), { recursive: true });
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${state}/temp;`);
    const config = join(state, 'nginx.conf');
    writeFileSync(
      config,
      `daemon off; master_process off; pid ${state}/pid; error_log ${state}/error.log;
       events { worker_connections 256; }
       http { access_log ${state}/access.log; ${temp.join(' ')} server { listen 127.0.0.1:${port}; root ${folder}; limit_rate ${bytesPerSecond}; } }`,
    );
    const nginx = new Nginx(state, config, `http://127.0.0.1:${port}`);
    await nginx.resume();
    return nginx;
  }

  /** Starts it (again) and resolves when it answers. */
  async resume(): Promise<void> {
    this.child = spawn(program as string, ['-c', this.config, '-e', '/dev/stderr'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    this.child.stderr?.on('data', (text: Buffer) => (said += text.toString()));
    for (let tries = 0; tries < 200; tries++) {
      if (this.child.exitCode !== null) throw new Error(`nginx ended: ${said}`);
      const answered = await fetch(this.origin).then(
        async (answer) => (await answer.arrayBuffer(), true),
        () => false,
      );
      if (answered) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`nginx does not answer: ${said}`);
  }

  /** Answers given so far whose body has so many bytes. */
  answersOf(bytes: number): number {
    return readFileSync(join(this.state, 'access.log'), 'utf8').split(` 206 ${bytes} `).length - 1;
  }

  /** Ends it; connections break. */
  async stop(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
