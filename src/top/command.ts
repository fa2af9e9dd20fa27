import { Command, Option } from 'commander';
import { TriremeError } from '../common/errors.js';
import { defaultPorts } from '../common/limits.js';
import { durationMs, hostPort, type HostPort } from '../common/options.js';
import { DiallerTrust } from '../common/trust/dialler-trust.js';
import { addDiallerTrust, compileDiallerTrust, type TrustOptions } from '../common/trust/options.js';
import { sortKeys } from './columns.js';
import { listOnce, onceJson, onceText } from './once.js';
import { WorkerWatch } from './watch.js';

/** Time between two lists unless asked otherwise; the hub sends none more often than every 100 ms. */
const intervalMsDefault = 1000;

const intervalMsMin = 100;
const intervalMsMax = 60_000;

interface TopOptions extends TrustOptions {
  readonly lb?: HostPort;
  readonly master?: HostPort;
  readonly interval: number;
  readonly sort: string;
  readonly costs?: boolean;
  readonly once?: boolean;
  readonly json?: boolean;
}

const notes = `
Keys:
  q, Esc or Ctrl-C quit; left and right choose the column that orders; up and down scroll;
  c shows what each kind costs on each worker, and the workers again.

Columns:
  GIVEN    jobs that this hub has given the worker and that are not answered
  BACKLOG  expected seconds of those jobs; WINDOW: how much it may hold
  BUSY, QUEUED, LOAD  as the worker last reported, for all its hubs
  JOBS/S   answers since the list before; DONE and FAILED: since the worker attached
  RTT      round trip; SEEN: time since its last heartbeat
  COST     what a job takes there, as learned: a fixed part and one that grows with its size

Examples:
  trireme top
  trireme top --lb 192.0.2.1 --sort backlog --interval 250ms
  trireme top --master 127.0.0.1:${defaultPorts.masterGrpc} --once --sort rate
  trireme top --costs --once
  trireme top --json | jq '.workers[] | {name, busy, slots}'`;

/** `trireme top` */
export function buildCommand(): Command {
  const command = new Command()
    .description(`watch a hub's workers in the terminal; once, where the output is no terminal`)
    .option(
      '--lb <host:port>',
      `gRPC port of a load balancer (default: 127.0.0.1:${defaultPorts.lbGrpc})`,
      hostPort(defaultPorts.lbGrpc),
    )
    .option('--master <host:port>', 'gRPC port of a master', hostPort(defaultPorts.masterGrpc))
    .addOption(
      new Option('--interval <duration>', 'time between two lists')
        .argParser(durationMs(intervalMsMin, intervalMsMax))
        .default(intervalMsDefault, '1s'),
    )
    .addOption(new Option('--sort <column>', 'order of the workers').choices(sortKeys).default('name'))
    .option('--costs', 'what each kind costs on each worker, in place of the workers')
    .option('--once', 'print one plain table and end; takes one interval, because rates need two lists')
    .option('--json', 'the same as one JSON document')
    .option('--verbose', 'show the stack of an error')
    .addHelpText('after', notes);
  return addDiallerTrust(command).action(run);
}

async function run({ lb, master, interval, sort, costs = false, once, json, ...options }: TopOptions): Promise<void> {
  if (lb !== undefined && master !== undefined)
    throw new TriremeError('USAGE', '--lb and --master are two hubs: watch one at a time');
  const hub = lb ?? master ?? { host: '127.0.0.1', port: defaultPorts.lbGrpc };
  const watch = new WorkerWatch(hub, new DiallerTrust(compileDiallerTrust(options)));
  try {
    if (once === true || json === true || !process.stdout.isTTY || !process.stdin.isTTY) {
      const list = await listOnce(watch, interval);
      const text =
        json === true ? onceJson(watch.name, list, sort) : onceText(watch.name, list, sort, Date.now(), costs);
      process.stdout.write(text);
      return;
    }
    const { liveView } = require('./live.js') as typeof import('./live.js');
    await liveView(watch, interval, sort, costs);
  } finally {
    watch.close();
  }
}
