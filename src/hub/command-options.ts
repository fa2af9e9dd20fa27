import { Command, Option } from 'commander';
import { decimal, durationMs, integer } from '../common/options.js';
import { hubOptionsDefault, type HubOptions } from './port/options.js';

/** What commander hands over of the options below. */
export interface HubCommandOptions {
  readonly hedgeShare: number;
  readonly audit: number;
  readonly auditSeed?: number;
  readonly quarantine?: number;
  readonly pickSample: number;
}

/** Adds the options that every role with a hub has. */
export function addHubOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--hedge-share <share>',
        'work that may be done twice for jobs that take too long; 0 is none until one is overdue for 20 s',
      )
        .argParser(decimal(0, 1))
        .default(hubOptionsDefault.hedgeShare),
    )
    .addOption(
      new Option('--audit <share>', 'answers that another worker checks before their clients get them, such as 0.01')
        .argParser(decimal(0, 1))
        .default(hubOptionsDefault.auditShare),
    )
    .addOption(
      new Option('--audit-seed <n>', 'chooses them alike each time (default: at random)').argParser(
        integer(0, 2 ** 32 - 1),
      ),
    )
    .addOption(
      new Option(
        '--quarantine <duration>',
        'how long a worker found lying gets no job (default: until it is started anew)',
      ).argParser(durationMs(1, 365 * 86_400_000)),
    )
    .addOption(
      // For bench/page: what keeping picks costs.
      new Option('--pick-sample <seconds>', 'time between two picks that are kept for `trireme why`')
        .argParser(decimal(0, 1e9))
        .default(hubOptionsDefault.pickSampleSeconds)
        .hideHelp(),
    );
}

export function compileHubOptions({
  hedgeShare,
  audit,
  auditSeed,
  quarantine,
  pickSample,
}: HubCommandOptions): Partial<HubOptions> {
  return {
    hedgeShare,
    auditShare: audit,
    ...(auditSeed === undefined ? {} : { auditSeed }),
    // Nobody waits so long: it means never.
    pickSampleSeconds: pickSample === 1e9 ? Infinity : pickSample,
    ...(quarantine === undefined ? {} : { quarantineMs: quarantine }),
  };
}
