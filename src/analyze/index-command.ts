import { Command } from 'commander';
import { openCapture } from '../captures/file/capture-file.js';
import { FileProbe } from '../captures/file/file-probe.js';
import { makeIndex } from '../captures/indexed/scan-and-index.js';
import { TriremeError } from '../common/errors.js';
import { forTerminal } from '../common/for-terminal.js';
import { writeIndex } from './files/out-file.js';
import { openProgress } from './progress.js';
import { complaintOf } from '../pcap/extractor.js';

const description = `Make an index beside a capture, so that later questions read only the parts that can answer.`;

const notes = `
FILE.tridx holds, for each piece of 4 MiB, where its first record begins, its span of time, and small filters of its
addresses, ports and connections: under 0.2 % of the capture. analyze, extract and filter --test use it when they are asked
for some of the packets (--filter, --after, --before); the result is the same, and the bytes that were read are told.
It belongs to the file as it is: when that is written to or copied, the index is ignored, and made anew by this command.
Captures that are packed with gzip, zstd or LZ4 have none.

Exit codes:
  0  each index was written
  1  a capture is damaged or cut short (what came before is indexed), changed meanwhile, or an index could not be written
  2  wrong usage, or no capture

Examples:
  trireme index day.pcap && trireme analyze --filter 'host 192.0.2.1 and port 443' day.pcap
  trireme analyze --index day.pcap`;

/** `trireme index` */
export function buildCommand(): Command {
  return new Command('index')
    .description(description)
    .argument('<file...>', 'captures, classic or pcapng')
    .option('-q, --quiet', 'say nothing but errors')
    .option('--verbose', 'print the stack of an error')
    .addHelpText('after', notes)
    .action(async (files: string[], { quiet = false }: { quiet?: boolean }) => {
      for (const file of files) {
        try {
          if (!(await indexFile(file, quiet))) process.exitCode ||= 1;
        } catch (error) {
          const { message, kind } = TriremeError.from(error);
          process.stderr.write(`trireme: ${forTerminal(message)}\n`);
          process.exitCode ||= kind.exitCode;
        }
      }
    });
}

/** False: the capture is not whole. */
async function indexFile(capture: string, quiet: boolean): Promise<boolean> {
  await new FileProbe().check(capture, capture);
  const file = openCapture(capture);
  const progress = openProgress(capture, quiet);
  try {
    const { bytes, index, outcome } = makeIndex(file, progress.visible ? progress.update : undefined);
    const name = writeIndex(capture, bytes);
    progress.close();
    const share = ((100 * bytes.length) / file.sizeBytes!).toPrecision(2);
    const text = `${name}: ${index.pieces.length} pieces, ${bytes.length} bytes, ${share} % of the capture`;
    if (!quiet) process.stdout.write(`${forTerminal(text)}\n`);
    const wrong = complaintOf(outcome);
    if (wrong !== null)
      process.stderr.write(`trireme: ${forTerminal(`${capture}: ${wrong}; what came before is indexed`)}\n`);
    return wrong === null;
  } finally {
    progress.close();
    file.close();
  }
}
