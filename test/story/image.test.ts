import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { projectRoot } from '../../src/common/version.js';
import { freePorts } from '../support/nats-cluster.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';
import { TestCertificates } from '../support/test-certificates.js';

/** The long form builds the image and runs it, in some minutes. */
const isLong = process.env.TRIREME_IMAGE === '1';
const imageMsMax = 30 * 60_000;

const any = '127.0.0.1:0';
const scratch = scratchFolder();
let role: RunningRole | undefined;
afterEach(() => role?.end('SIGKILL'));

async function ran(command: string, ...args: string[]): Promise<{ code: number; out: string; errors: string }> {
  const child = spawn(command, args, { cwd: projectRoot, stdio: ['ignore', 'pipe', 'pipe'] });
  const [[code], out, errors] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { code: code as number, out, errors };
}

const health = (...args: string[]): ReturnType<typeof ran> =>
  ran(process.execPath, join('deploy', 'image', 'health.mjs'), ...args);

async function startHub(...args: string[]): Promise<string> {
  role = RunningRole.start(['lb', '--tcp', any, '--grpc', any, '--admin', any, ...args]);
  return String((await role.line('listening')).admin);
}

describe('the health check of the image', () => {
  test('passes while a hub answers, fails while it hangs and tells so, and passes when it goes on', async () => {
    const admin = await startHub();
    expect(await health(admin)).toEqual({ code: 0, out: '', errors: '' });
    role?.child.kill('SIGSTOP');
    expect(await health(admin)).toEqual({ code: 1, out: '', errors: `health: ${admin}: no answer within 2000 ms\n` });
    role?.child.kill('SIGCONT');
    expect((await health(admin)).code).toBe(0);
  });

  test('passes for a hub that has a certificate', async () => {
    const certificates = await TestCertificates.make(scratch.path);
    const admin = await startHub('--tls-cert', certificates.cert('server'), '--tls-key', certificates.key('server'));
    expect(await health(admin)).toEqual({ code: 0, out: '', errors: '' });
  });

  test('fails where a hub that was named does not listen', async () => {
    const [port] = await freePorts(1);
    const { code, errors } = await health(`127.0.0.1:${port}`);
    expect([code, errors]).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
  });
});

if (!isLong) console.log('SKIP the image: it takes minutes, TRIREME_IMAGE=1 has it built and run');

(isLong ? test : test.skip)(
  'the image is built, and what its commands say is right',
  async () => {
    const { code, out, errors } = await ran('scripts/image.sh');
    if (out.includes('image: SKIP')) return console.log(out);
    expect([code, out]).toEqual([0, expect.stringMatching(/^image: passed: /m)]);
    expect(errors).toBe('');
  },
  imageMsMax,
);
