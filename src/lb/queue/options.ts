import { Option, type Command } from 'commander';
import { durationMs, integer } from '../../common/options.js';
import { natsUrl, type NatsSettings } from '../../nats/nats-url.js';
import { queuePrefix, queuePrefixDefault } from '../../nats/queue-names.js';

/** What commander hands over of the options below. */
export interface QueueCommandOptions {
  readonly queue?: NatsSettings;
  readonly queuePrefix: string;
  readonly queueJobs: number;
  readonly queueKeep: number;
  readonly queueAckWait: number;
}

export interface QueueSettings {
  readonly nats: NatsSettings;
  readonly prefix: string;
  /** Jobs that are taken at once, of all kinds. */
  readonly jobsMax: number;
  readonly keepMs: number;
  readonly ackWaitMs: number;
}

/** Enough for the slots of some machines; what one load balancer has taken is not done sooner by another one. */
const jobsDefault = 256;
/** As many as one connection may have outstanding. */
const jobsMost = 16_384;

/** A day: somebody asks for an answer on the next one, and who puts a job again by mistake does so sooner. */
const keepMsDefault = 86_400_000;
/** Records must outlast what is being decided about a job. */
const keepMsMin = 60_000;
const keepMsMost = 365 * 86_400_000;

/** A lost load balancer is noticed after this time. NATS and its clients are away for seconds when a server is lost. */
const ackWaitMsDefault = 30_000;
/** Shorter than an election of a leader, and jobs would be given away because of one. */
const ackWaitMsMin = 3_000;
const ackWaitMsMost = 3_600_000;

export function addQueueOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--queue <nats-url>', 'take jobs from a queue at nats://H:P[,H:P...] as well').argParser(natsUrl),
    )
    .addOption(
      new Option('--queue-prefix <name>', 'what the names of the queue begin with: jobs are put to NAME.jobs.KIND')
        .argParser(queuePrefix)
        .default(queuePrefixDefault),
    )
    .addOption(
      new Option('--queue-jobs <n>', 'jobs of the queue that are taken at once, by what the workers can do')
        .argParser(integer(1, jobsMost))
        .default(jobsDefault),
    )
    .addOption(
      new Option('--queue-keep <duration>', 'how long answers are kept, when the queue is made')
        .argParser(durationMs(keepMsMin, keepMsMost))
        .default(keepMsDefault, '24h'),
    )
    .addOption(
      new Option('--queue-ack-wait <duration>', 'jobs of an lb that was not heard for so long go to another one')
        .argParser(durationMs(ackWaitMsMin, ackWaitMsMost))
        .default(ackWaitMsDefault, '30s'),
    );
}

export function compileQueueOptions(options: QueueCommandOptions): QueueSettings | null {
  const { queue, queuePrefix: prefix, queueJobs: jobsMax, queueKeep: keepMs, queueAckWait: ackWaitMs } = options;
  return queue === undefined ? null : { nats: queue, prefix, jobsMax, keepMs, ackWaitMs };
}
