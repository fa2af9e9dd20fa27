import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { namespacesMissing, VethPair } from '../support/veth-pair.js';

const scratch = scratchFolder();

function dumpcapMissing(): string | undefined {
  try {
    execFileSync('dumpcap', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'dumpcap is not there';
  }
}

const missing = namespacesMissing() ?? dumpcapMissing();
if (missing !== undefined) console.log(`SKIP: ${missing}; no ring of dumpcap is followed`);

jest.setTimeout(120_000);

let pair: VethPair;
beforeAll(() => {
  if (missing === undefined) pair = new VethPair();
});
afterAll(() => pair?.remove());

(missing === undefined ? test : test.skip)(
  'a ring of 10 files of dumpcap is followed: the packets are those that dumpcap counted',
  async () => {
    const ring = mkdtempSync(join(scratch.path, 'ring-'));
    const [command, ...before] = pair.on(1);
    const options = ['-q', '-i', 'veth0', '-b', 'filesize:100', '-b', 'files:10', '-w', join(ring, 'ring.pcapng')];
    const dumpcap = spawn(command, [...before, 'dumpcap', ...options]);
    let said = '';
    dumpcap.stderr.on('data', (text: Buffer) => (said += text.toString()));
    const until = async (holds: () => boolean): Promise<void> => {
      for (const end = Date.now() + 60_000; !holds(); await sleep(20))
        if (Date.now() > end) throw new Error(`it did not come: ${said}`);
    };
    await until(() => readdirSync(ring).length > 0);
    const ran = await runTrireme(['analyze', '--json', '--follow', ring], {
      meanwhile: (child) => {
        let heard = '';
        child.stderr!.on('data', (text: Buffer) => (heard += text.toString()));
        void (async () => {
          await until(() => heard.includes('are followed'));
          // 3 MB in 30 files, some ten of them a second.
          const send =
            'line=$(printf %01300d 0); for i in $(seq 2400); do echo $line > /dev/udp/' +
            `${pair.addresses[1]}/4242; [ $((i % 10)) = 0 ] && sleep 0.01; done`;
          const [shell, ...within] = pair.on(0);
          const sender = spawn(shell, [...within, 'bash', '-c', send], { stdio: 'ignore' });
          await once(sender, 'close');
          dumpcap.kill('SIGINT');
          await once(dumpcap, 'close');
          child.kill('SIGINT');
        })();
      },
    });
    const captured = Number(/Packets captured: (\d+)/.exec(said)?.[1]);
    const { results } = JSON.parse(ran.stdout) as { results: [{ packets: number; files: readonly object[] }] };
    // On a busy machine the kernel drops some.
    expect(captured).toBeGreaterThan(1000);
    expect(results[0].packets).toBe(captured);
    expect(results[0].files.length).toBeGreaterThan(10);
    expect(ran.code).toBe(0);
    expect(readdirSync(ring)).toHaveLength(10);
  },
);
