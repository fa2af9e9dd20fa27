import { Command, Option } from 'commander';
import { defaultPorts } from '../common/limits.js';
import { durationMs, integer, timeNs } from '../common/options.js';
import { coresMax } from '../captures/threads/thread-plan.js';
import { waitMsDefault, waitMsMax } from '../pcap/request.js';
import { splitBy } from './extract-form.js';
import { extract, type ExtractSettings } from './extract.js';
import { addMasterChoice, chosenMaster, type MasterChoice } from './master-command.js';

const description = `Write the packets of a capture that match a filter into a capture of their own.`;

const notes = `
The packets come out byte for byte and in order, in the format of the input: a classic capture keeps its header, a pcapng one
all its blocks but the packets that do not match. --pcap, --pcapng and --nano write another format (of a pcapng capture only the
packets then), --slice cuts the packets. Gzip, zstd and LZ4 are unpacked. The filter is tcpdump's language; trireme filter
explains it. On several cores (--multi) and on a cluster (--master) the same bytes come out. A file has its name once it is
complete: what was there before stays until then. On standard input the
first Ctrl-C or SIGTERM is the end of the input: the packets that have come are written, and the exit code is 0.

Exit codes:
  0  the capture was read to its end, or to the packets of --limit
  1  it is damaged or cut short (what came before is written), changed meanwhile, the output could not be written, or the
     cluster failed
  2  wrong usage, or no capture

Examples:
  trireme extract day.pcap --filter 'tcp port 443 and host 192.0.2.1' -w https.pcap
  trireme extract day.pcapng.gz --after +1m --before +2m -w minute.pcapng
  trireme extract day.pcapng --pcap --slice 96 -w headers.pcap
  trireme extract day.pcap --conversation 1 -w largest.pcap
  trireme extract day.pcap --split-by 10m -w part.pcap
  trireme extract day.pcap --filter 'udp port 53' --limit 1000 -w - | tcpdump -r -
  trireme extract huge.pcap --filter 'host 192.0.2.1' --master 127.0.0.1:${defaultPorts.masterGrpc} -w host.pcap
  trireme extract huge.pcap --filter 'port 53' --master 127.0.0.1:${defaultPorts.masterGrpc} --to cases -w dns.pcap`;

/** `trireme extract` */
export function buildCommand(): Command {
  const command = new Command('extract')
    .description(description)
    .argument('<file>', `the capture; '-' is standard input`)
    .option('--filter <expression>', `the packets, in tcpdump's language (default: all)`)
    .addOption(
      new Option('--filter-tags <how>', 'transparent: the filter does not see VLAN tags, as analyze counts')
        .choices(['transparent'])
        .argParser((value: string) => value),
    )
    .option('--after <time>', 'packets from this time on: RFC 3339, seconds since 1970, or +30s', timeNs)
    .option('--before <time>', 'packets before this time; +30s is from the first packet', timeNs)
    .option('--limit <packets>', 'end after so many packets', integer(1, Number.MAX_SAFE_INTEGER))
    .option(
      '--index',
      'make FILE.tridx beside the capture on the way, so that later filters read only parts; on one core',
    )
    .option('--no-index', 'read all of the capture, also where FILE.tridx lies beside it')
    .option('--multi', 'use all cores of this machine, as far as the size of the file pays for them')
    .option('--cores <n>', 'use at most so many cores', integer(1, coresMax))
    .option(
      '--wait <duration>',
      `with --master: how long to wait for a first worker (default: as the master says, ${waitMsDefault / 1000}s)`,
      durationMs(1, waitMsMax),
    )
    .option('--to <folder>', 'with --master: the master writes the file into this folder, below its --captures')
    .option('--client <address:port>', 'only the TCP connection of this end; IPv6 as [address]:port')
    .option('--server <address:port>', 'and of this other end')
    .option('--conversation <n>', 'only the nth conversation of the report of analyze', integer(1, 1_000_000))
    .option(
      '--split-by <what>',
      'write many files: by conversation, host, time (10m) or size (100MB); -w out.pcap gives out-KEY.pcap',
      splitBy,
    )
    .option('--slice <bytes>', 'cut packets to so many bytes', integer(1, 262_144))
    .option('--pcap', 'write a classic capture, little-endian, with microseconds as tcpdump -w does')
    .option('--pcapng', 'write pcapng')
    .option('--nano', 'write times in nanoseconds: a classic capture, or pcapng with --pcapng')
    .requiredOption('-w, --write <file>', 'where to write the packets; - is standard output')
    .option('-q, --quiet', 'say nothing but errors')
    .option('--verbose', 'print the stack of an error')
    .addOption(
      new Option('--thread-bytes <n>', 'bytes that each thread must have').argParser(integer(1, 2 ** 40)).hideHelp(),
    )
    .addHelpText('after', notes);
  return addMasterChoice(command, 'let a cluster do it').action(
    async (file: string, options: Omit<ExtractSettings, 'file'> & MasterChoice) => {
      process.exitCode = await extract({ ...options, master: await chosenMaster(options), file });
    },
  );
}
