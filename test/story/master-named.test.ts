import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { CaptureCluster } from '../support/capture-cluster.js';
import { NatsServer, skipWithoutNats } from '../support/nats-server.js';
import { runTrireme, type Ran } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const captures = join(projectRoot, 'captures');
const sample = join(captures, 'sample.pcap');
const unknown = '0123456789abcdef';

skipWithoutNats('both ways of naming a master')('by its address and by NATS', () => {
  const scratch = scratchFolder();
  let nats: NatsServer;
  let cluster: CaptureCluster;
  let submitted: string;

  beforeAll(async () => {
    nats = await NatsServer.start(join(scratch.path, 'js'));
    cluster = await CaptureCluster.start([captures], ['--announce', nats.url]);
    await cluster.addWorker(captures);
    const { stdout } = await runTrireme(['analyze', '-q', '--detach', '--master', cluster.grpc, sample]);
    submitted = stdout.trim();
    await runTrireme(['analyze', '-q', '--master', cluster.grpc, '--resume', submitted]);
  }, 60_000);
  afterAll(async () => {
    await cluster.stop();
    await nats.stop();
  });

  /** What the command says when its master is named in one way and in the other, which must be the same. */
  async function byBoth(...command: string[]): Promise<Ran> {
    const [byAddress, byNats] = await Promise.all([
      runTrireme([...command, '--master', cluster.grpc]),
      runTrireme([...command, '--discover', nats.url]),
    ]);
    expect(byNats).toEqual(byAddress);
    return byAddress;
  }

  test('one file of two is missing: the other is told of, with exit code 1', async () => {
    const { code, stdout, stderr } = await byBoth('analyze', '--json', 'nosuch.pcap', sample);
    const { results } = JSON.parse(stdout) as { results: { file: string; error: string | null }[] };
    expect(results.map(({ file, error }) => [file, error])).toEqual([
      ['nosuch.pcap', 'unreadable'],
      [sample, null],
    ]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('nosuch.pcap: no such file')]);
  });

  test.each<[string, number, string[], RegExp]>([
    ['a missing file alone', 2, ['analyze', 'nosuch.pcap'], /nosuch\.pcap: no such file/],
    ['an analysis that is not known', 2, ['analyze', '--resume', unknown], new RegExp(unknown)],
    ['an analysis that is not known, to end it', 2, ['cancel', unknown], new RegExp(unknown)],
    ['a missing file to extract from', 2, ['extract', 'nosuch.pcap', '-w', '-'], /nosuch\.pcap: no such file/],
    ['wrong usage', 2, ['analyze', '--multi', sample], /--multi and --cores are about this machine/],
  ])('%s is exit code %i', async (_what, code, command, words) => {
    expect(await byBoth(...command)).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringMatching(words) as string,
    });
  });

  test('the list of analyses, a result that is asked for again, and one that has ended and cannot be cancelled', async () => {
    expect(JSON.parse((await byBoth('analyses', '--json')).stdout)).toMatchObject({
      analyses: expect.arrayContaining([expect.objectContaining({ id: submitted, state: 'done' })]) as object[],
    });
    const asked = await byBoth('analyze', '--json', '--resume', submitted);
    expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining('"packets": 1043') as string });
    const ended = `trireme: analysis ${submitted} had ended before: done\n`;
    expect(await byBoth('cancel', submitted)).toMatchObject({ code: 1, stderr: ended });
  });

  test('the packets that match', async () => {
    const { code, stdout, stderr } = await byBoth('extract', sample, '--filter', 'udp', '-w', '-');
    expect([code, stdout.length > 1000, stderr]).toEqual([0, true, expect.stringMatching(/of 1043 packets written/)]);
  });

  test('what is no URL of NATS is wrong usage, in words', async () => {
    for (const command of [['analyze', sample], ['analyses'], ['cancel', unknown], ['extract', sample, '-w', '-']])
      expect(await runTrireme([...command, '--discover', 'http://host:1'])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^trireme: 'http:\/\/host:1' is not nats:\/\/HOST:PORT/) as string,
      });
  });
});
