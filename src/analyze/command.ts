import { statSync } from 'node:fs';
import { Command, Option } from 'commander';
import { durationMs, durationNs, integer, timeNs } from '../common/options.js';
import { defaultPorts } from '../common/limits.js';
import { isUrl } from '../captures/file/capture-name.js';
import { coresMax } from '../captures/threads/thread-plan.js';
import {
  conversationsMaxDefault,
  sortDefault,
  sortOrders,
  topAll,
  topDefault,
  waitMsDefault,
  waitMsMax,
} from '../pcap/request.js';
import { tableNames } from './tables.js';
import { addMasterChoice, chosenMaster, type MasterChoice } from './master-command.js';
import { compileSettings, topInFilesDefault, type AnalyzeOptions, type NameKind } from './settings.js';

const description = `Count and summarise packet captures: pcap and pcapng, plain, gzip, zstd or LZ4.`;

const notes = `
What is counted:
  IPv4 TCP packets are those whose first network header is IPv4 with protocol 6, behind any VLAN tags; IPv6 TCP is
  counted apart (tcpdump's 'tcp' includes IPv6, its 'ip' does not look behind VLAN tags). What is inside of tunnels is
  told by type and depth; --inner takes conversations and endpoints from there, with VNI, key, TEID and labels.
  Every fragment counts as a packet. A conversation is both directions of one TCP or UDP 5-tuple; bytes are lengths on
  the wire. The connection of --client and --server is TCP, in both directions.

Output:
  Text by default, the total, the IPv4 TCP packets and the connection's packets in its first lines. --json prints one
  document, --csv one table (${tableNames.join(', ')}), each the same bytes on one core, all cores and a cluster.
  --html FILE and --csv DIR write files beside that: a report with charts and tables of at most ${topInFilesDefault} rows, under 1 MB
  whatever the size of the capture, that opens without a network; and every table, with a row for each pair of
  addresses (pairs). --parquet DIR writes every table with every row, for DuckDB, pandas and others: a cluster, and
  --tcp, --names, --inner or --community-id, give the first of very many and say so. Without --interval they all
  choose one that gives 200 to 600 rows where the capture is long enough.

Exit codes:
  0  every file was read to its end
  1  a file is damaged or cut short (what came before is counted), changed while it was read, or could not be read
     though another could; or the cluster failed
  2  wrong usage, or no file could be read as a capture
  Ctrl-C ends at once with nothing printed (130 in a shell); it cancels what was submitted, but not what was resumed.
  On standard input the first Ctrl-C or SIGTERM is the end of the input: what has come is counted and printed (0).

Examples:
  trireme analyze capture.pcap
  trireme analyze capture.pcap --client 172.16.255.1:10646 --server 184.85.226.161:443
  trireme analyze --multi --top 20 --sort packets --human huge.pcapng
  trireme analyze --filter 'tcp port 443 and not net 10' --after +1m --before +2m day.pcap
  trireme analyze --inner --top 20 overlay.pcapng
  trireme analyze --tcp lossy.pcap
  trireme analyze --json *.pcap.gz | jq .total.packets
  trireme analyze --join ring/
  trireme analyze --follow ring_00001_20261129140000.pcapng --every 10s
  trireme analyze --join --recursive --json sensors/ extra.pcap.gz
  trireme analyze --csv endpoints --top all day.pcap > endpoints.csv
  trireme analyze https://store.example/day.pcap?X-Amz-Signature=...
  trireme analyze --html report.html --csv tables/ day.pcap
  trireme analyze --parquet tables/ *.pcap && duckdb -c "SELECT * FROM 'tables/conversations.parquet' LIMIT 5"
  timeout 60 tcpdump --immediate-mode -s 2048 -B 16384 -U -w - | trireme analyze - --interval 1s
  tcpdump --immediate-mode -s 2048 -B 16384 -U -w - | trireme analyze - --every 10s --html now.html
  trireme analyze --master 127.0.0.1:${defaultPorts.masterGrpc} huge.pcap
  id=$(trireme analyze --master 127.0.0.1:${defaultPorts.masterGrpc} --detach huge.pcap)
  trireme analyze --master 127.0.0.1:${defaultPorts.masterGrpc} --resume $id --json`;

/** A number as it is; other text stays text, which is refused with the bounds by who knows them. */
const numberIn = (value: string): unknown => (/^[+-]?\d{1,16}$/.test(value) ? Number(value) : value);

const topIn = (value: string): unknown => (value === 'all' ? topAll : numberIn(value));

/** Its bounds are known to who refuses it. */
const anyDurationNs = durationNs(0n, 1n << 100n);

/** A choice that is refused together with all else that is asked. */
const asIs = (value: string): string => value;

const append = (value: string, all: string[] | undefined): string[] => [...(all ?? []), value];

export function buildCommand(): Command {
  const command = new Command('analyze')
    .description(description)
    .argument('[files...]', `captures: files, http(s) URLs, '-' for standard input, or folders with --join`)
    .option('-r, --pcap <file>', 'a capture, the same as naming it (repeatable)', append)
    .option('--client <address:port>', 'one end of the connection to count; IPv6 as [address]:port')
    .option('--server <address:port>', 'the other end')
    .option('--filter <expression>', `count only packets that match, in tcpdump's language; see trireme filter --help`)
    .addOption(
      new Option('--filter-tags <how>', 'transparent: the filter does not see VLAN tags, as the counts')
        .choices(['transparent'])
        .argParser(asIs),
    )
    .option('--after <time>', 'count only packets from this time on: RFC 3339, seconds since 1970, or +30s', timeNs)
    .option('--before <time>', 'count only packets before this time; +30s is from the first packet', timeNs)
    .option(
      '--tcp',
      'health of TCP: handshakes, segments sent again, gaps, windows of zero, and what is unusual, in words',
    )
    .option(
      '--names',
      'names: DNS queries and answers, server names of TLS, hosts of HTTP; endpoints are called by what was asked for',
    )
    .option('--inner', 'conversations and endpoints inside of tunnels: those of the innermost IP header of each packet')
    .option('--community-id', 'with each conversation its Community ID (version 1), as Zeek and Suricata tell it')
    .option('--community-id-seed <n>', 'the same with their seed, 0 to 65535', integer(0, 65_535))
    .option('--index', 'make FILE.tridx beside each capture, so that later filters read only parts; on one core')
    .option('--no-index', 'read all of the capture, also where FILE.tridx lies beside it')
    .option('--multi', 'use all cores of this machine, as far as the size of the file pays for them')
    .option('--cores <n>', 'use at most so many cores', integer(1, coresMax))
    .option(
      '--wait <duration>',
      `with --master: how long to wait for a first worker (default: as the master says, ${waitMsDefault / 1000}s)`,
      durationMs(1, waitMsMax),
    )
    .option('--detach', 'with --master: print the id of each analysis and leave; --resume asks for its result')
    .option('--resume <id>', 'with --master: wait for an analysis that was submitted before (repeatable)', append)
    .option('--join', 'the files, and those in folders, are one capture: one result, in order of first packet')
    .option('--recursive', 'with --join: folders within the folders too')
    .option('--json', 'print one JSON document')
    .option(
      '--csv [table|dir]',
      'print one CSV table (default conversations); or write every table into a folder, such as tables/',
    )
    .option('--parquet <dir>', 'write every table into a folder as Parquet, with every row (Snappy; times in ns)')
    .option('--html <file>', 'write a report for the browser, one file without outside parts; - is standard output')
    .option(
      '--top <n|all>',
      `rows of the tables of conversations and talkers, or all (default: ${topDefault}, in --html and --csv DIR ${topInFilesDefault}, in --parquet all)`,
      topIn,
    )
    .addOption(
      new Option('--sort <order>', 'order of the conversations')
        .choices(sortOrders)
        .argParser(asIs)
        .default(sortDefault),
    )
    .option('--interval <duration>', 'add a time series with rows of this length, such as 1s', anyDurationNs)
    .option('--follow', 'read on as the file and the next ones of its ring are written, until Ctrl-C; or a folder')
    .option(
      '--every <duration>',
      `with '-' or --follow: print the result so far this often, and write --html and --csv DIR anew`,
      durationMs(100, 86_400_000),
    )
    .option('--max-conversations <n>', 'conversations held in memory at once', numberIn, conversationsMaxDefault)
    .option('--human', 'numbers with units in the text')
    .option('--bits', 'rates in bits a second instead of bytes, in the text and in --html')
    .option('-q, --quiet', 'no progress and no warnings')
    .option('--verbose', 'say how it was done, and show the stack of an error')
    .addOption(
      new Option('--thread-bytes <n>', 'bytes that each thread must have').argParser(integer(1, 2 ** 40)).hideHelp(),
    )
    .addHelpText('after', notes);
  return addMasterChoice(command, 'let a cluster do it').action(
    async (files: string[], { pcap, ...options }: AnalyzeOptions & MasterChoice & { pcap?: string[] }) => {
      const master = await chosenMaster(options);
      const settings = compileSettings(files, { ...options, master, read: pcap }, kindOf);
      if (settings.detach) {
        const { detachAll } = require('./detach.js') as typeof import('./detach.js');
        process.exitCode = await detachAll(settings);
        return;
      }
      // Not import(): starting the loader of ES modules takes longer than a small capture.
      const { analyzeAll } = require('./run.js') as typeof import('./run.js');
      process.exitCode = await analyzeAll(settings);
    },
  );
}

function kindOf(name: string): NameKind {
  if (isUrl(name)) return 'file';
  try {
    return statSync(name).isDirectory() ? 'folder' : 'file';
  } catch {
    return 'nothing';
  }
}
