import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { firstBytesMax } from '../../src/captures/url/open-url.js';
import { CaptureCluster, eventually, writeLongCapture } from '../support/capture-cluster.js';
import { Nginx, nginxIsHere } from '../support/nginx.js';
import { runTrireme, type Ran } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

if (!nginxIsHere) process.stderr.write("SKIP url-nginx: nginx is not installed (Debian's nginx-light)\n");

(nginxIsHere ? describe : describe.skip)('a capture served by nginx', () => {
  const scratch = scratchFolder();
  const folder = join(scratch.path, 'served');
  const file = join(folder, 'long.pcap');
  let nginx: Nginx;
  let cluster: CaptureCluster;
  let url: string;
  let expected: string;

  beforeAll(async () => {
    mkdirSync(folder);
    writeLongCapture(file, 24_000_000);
    nginx = await Nginx.start(folder, join(scratch.path, 'state'), 6_000_000);
    url = `${nginx.origin}/long.pcap`;
    cluster = await CaptureCluster.start([], ['--allow-url', nginx.origin, '--chunk-bytes', '6MB']);
    await cluster.addWorker(scratch.path, { slots: 2 });
    const here = await runTrireme(['analyze', '--json', '-q', file]);
    expected = here.stdout.replaceAll(JSON.stringify(file), JSON.stringify(url));
  });
  afterAll(async () => {
    await cluster.stop();
    await nginx.stop();
  });

  /** On one core, on several, and on a cluster. */
  const inAllModes = (): Promise<Ran[]> =>
    Promise.all([
      runTrireme(['analyze', '--json', '-q', url]),
      runTrireme(['analyze', '--json', '-q', '--cores', '2', '--thread-bytes', '1000000', url]),
      cluster.analyze([url]),
    ]);
  /** Resolves when all three have opened the capture and read on. */
  const middle = async (openedBefore: number): Promise<void> => {
    await eventually('the opening', () => nginx.answersOf(firstBytesMax) >= openedBefore + 3);
  };

  test('gives in all modes the bytes that the file gives', async () => {
    for (const ran of await inAllModes()) expect(ran).toMatchObject({ code: 0, stdout: expected });
  });

  test('does so when nginx is stopped in the middle and started again', async () => {
    const opened = nginx.answersOf(firstBytesMax);
    const running = inAllModes();
    await middle(opened);
    await nginx.stop();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await nginx.resume();
    for (const ran of await running) expect(ran).toMatchObject({ code: 0, stdout: expected });
  });

  test('is an error in all modes when it is replaced in the middle', async () => {
    const other = writeLongCapture(join(scratch.path, 'other.pcap'), 24_000_000);
    const opened = nginx.answersOf(firstBytesMax);
    const running = inAllModes();
    await middle(opened);
    renameSync(other, file);
    for (const { code, stdout, stderr } of await running) {
      expect(code).toBe(1);
      expect(stderr).toMatch(/^trireme: \S+long.pcap: changed while it was read: .*\n$/);
      expect(JSON.parse(stdout).results[0].error).toBe('changed');
    }
  });
});
