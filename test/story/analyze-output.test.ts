import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { smallCapture, fivePackets } from '../support/small-capture.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const five = scratch.file('five.pcap', smallCapture(fivePackets));
const connection = ['--client', '10.0.0.1:1024', '--server', '10.0.0.2:80'];

interface Document {
  schemaVersion: number;
  results: Record<string, unknown>[];
  total: Record<string, unknown>;
}

async function json(...args: string[]): Promise<Document> {
  const { stdout } = await runTrireme(['analyze', '--json', ...args]);
  return JSON.parse(stdout) as Document;
}

describe('analyze', () => {
  test('tells the three facts first', async () => {
    const { code, stdout, stderr } = await runTrireme(['analyze', five, ...connection]);
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      'Total number of packets: 5',
      'Total number of IPv4 TCP packets: 4',
      'Total number of packets between 10.0.0.1:1024 and 10.0.0.2:80: 3',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test.each([['--pcap'], ['-r']])('takes the file after %s as well', async (option) => {
    const named = await runTrireme(['analyze', five]);
    expect(await runTrireme(['analyze', option, five])).toEqual(named);
  });

  test('prints one JSON document with the connection asked for', async () => {
    const { schemaVersion, results, total } = await json(five, ...connection);
    expect(schemaVersion).toBe(1);
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({
      file: five,
      format: 'pcap',
      byte_order: 'little',
      packets: 5,
      ipv4_tcp: 4,
      ipv4_udp: 1,
      first_ns: '1700000000000000000',
      last_ns: '1700000004004000000',
      truncated: false,
      error: null,
      gzip: false,
      compression: null,
      conversations: 3,
      connection: {
        client: '10.0.0.1:1024',
        server: '10.0.0.2:80',
        packets: 3,
        packets_client_to_server: 2,
        packets_server_to_client: 1,
      },
    });
    expect(total).toMatchObject({ files: 1, packets: 5, ipv4_tcp: 4 });
  });

  test('gives each of several files a result, and a total', async () => {
    const other = scratch.file('two.pcap', smallCapture(fivePackets.slice(0, 2)));
    const { results, total } = await json(five, other);
    expect(results.map(({ file, packets }) => [file, packets])).toEqual([
      [five, 5],
      [other, 2],
    ]);
    expect(total).toMatchObject({ files: 2, files_unreadable: 0, packets: 7, ipv4_tcp: 6 });
  });

  test('orders conversations as asked, and as many as asked', async () => {
    const top = async (...args: string[]): Promise<unknown[]> =>
      ((await json(five, ...args)).results[0].top as { a: string; packets: number }[]).map(({ a }) => a);
    expect(await top('--sort', 'packets', '--top', '1')).toEqual(['10.0.0.1:1024']);
    expect(await top('--sort', 'start')).toEqual(['10.0.0.1:1024', '10.0.0.2:80', '10.0.0.3:53']);
  });

  test('counts in intervals when asked', async () => {
    const { results } = await json(five, '--interval', '2s');
    const { rows } = results[0].series as { rows: { packets: number }[] };
    expect(rows.map(({ packets }) => packets)).toEqual([2, 2, 1]);
  });

  test('prints one CSV table with CRLF, a header and the file in each row', async () => {
    const { stdout, code } = await runTrireme(['analyze', '--csv', 'endpoints', five]);
    const lines = stdout.split('\r\n');
    expect(code).toBe(0);
    expect(lines[0]).toBe('file,address,packets,bytes,packets_sent,bytes_sent,packets_received,bytes_received');
    expect(lines.slice(1).map((line) => line.split(',').slice(0, 3))).toContainEqual([five, '10.0.0.1', '3']);
    expect(lines.at(-1)).toBe('');
  });

  test('--csv before a file means the table of conversations', async () => {
    const { stdout } = await runTrireme(['analyze', '--csv', five]);
    expect(stdout.split('\r\n')[0]).toMatch(/^file,proto,a,b,packets,bytes,/);
    expect(stdout.split('\r\n')).toHaveLength(1 + 3 + 1);
  });

  test('is silent and content when its reader has seen enough', async () => {
    let read = 0;
    const { code, stderr } = await runTrireme(['analyze', '--json', ...Array<string>(60).fill(five)], {
      meanwhile: ({ stdout }) => {
        stdout!.on('data', () => {
          if (read++ === 0) stdout!.destroy();
        });
      },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('ends at once on Ctrl-C, with nothing printed', async () => {
    const fifo = join(scratch.path, 'no-writer');
    execFileSync('mkfifo', [fifo]);
    const { signal, stdout, stderr } = await runTrireme(['analyze', fifo], {
      meanwhile: (child) => void setTimeout(() => child.kill('SIGINT'), 500),
    });
    expect({ signal, stdout, stderr }).toEqual({ signal: 'SIGINT', stdout: '', stderr: '' });
  });

  test('help names the exit codes and gives examples', async () => {
    const { code, stdout } = await runTrireme(['analyze', '--help']);
    expect(code).toBe(0);
    for (const text of ['Exit codes:', 'Examples:', 'VLAN', 'IPv6 TCP']) expect(stdout).toContain(text);
  });
});
