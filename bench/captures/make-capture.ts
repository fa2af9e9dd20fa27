import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { Command, Option } from 'commander';

import { byteSize, integer } from '../../src/common/options.js';
import { projectRoot } from '../../src/common/version.js';
import { sharedCapturesFolder } from './sources.js';
import { writeCold } from './cold.js';
import { writeRepeated } from './repeat.js';
import { captureFiles, readTemplate } from './template.js';

/** More than any disk here holds; a slip of the unit should not fill it. */
const captureBytesMax = 1e12;

export interface MakeOptions {
  readonly out: string;
  readonly size: number;
  readonly distinct: number;
  readonly cold?: number;
  readonly snap?: number;
  readonly from?: readonly string[];
}

/** Makes the capture that the options name; tells what it was made of. */
export function makeCapture({ out, size, distinct, cold, snap, from }: MakeOptions): string {
  mkdirSync(dirname(out), { recursive: true });
  if (cold !== undefined) {
    writeCold(out, size, cold);
    return `${out}: ${statSync(out).size} bytes, ${cold} conversations of 60-byte packets`;
  }
  const sources = from ?? [sharedCapturesFolder() ?? join(projectRoot, 'captures/sample.pcap')];
  for (const source of sources) if (!existsSync(source)) throw new Error(`${source} is not there`);
  const template = readTemplate(captureFiles(sources), snap);
  writeRepeated(out, template, size, distinct);
  const packets = template.recordOffsets.length;
  return `${out}: ${statSync(out).size} bytes, repeating ${packets} packets (${template.records.length} bytes) of ${sources.join(', ')}`;
}

/** The options that say what a capture is made of, shared with the benchmark. */
export function addMakeOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--from <path...>',
        'captures or folders of them to repeat (default: real ones if found, else the sample)',
      ),
    )
    .addOption(
      new Option('--distinct <count>', 'repetitions whose addresses differ').default(64).argParser(integer(1, 65_536)),
    )
    .addOption(
      new Option('--snap <bytes>', 'captured bytes of each packet at most, as with tcpdump -s').argParser(
        integer(34, 262_144),
      ),
    )
    .addOption(
      new Option('--cold <count>', 'so many conversations of 60-byte packets instead').argParser(integer(1, 2 ** 28)),
    );
}

if (require.main === module) {
  const command = addMakeOptions(new Command('make-capture').description('make a large capture'))
    .argument('<file>', 'capture to write')
    .addOption(new Option('--size <bytes>', 'size').default(1e9, '1G').argParser(byteSize(1, captureBytesMax)))
    .action((out: string, options: Omit<MakeOptions, 'out'>) => {
      process.stderr.write(`${makeCapture({ out, ...options })}\n`);
    });
  command.parse();
}
