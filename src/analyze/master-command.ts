import { Command, Option } from 'commander';
import { hostPort, type HostPort } from '../common/options.js';
import { defaultPorts } from '../common/limits.js';
import {
  addDiallerTrust,
  compileDiallerTrust,
  compileDiscoveredTrust,
  type TrustOptions,
} from '../common/trust/options.js';
import type { DialledMaster } from './master-dial.js';

/** Both ways of naming a master. */
export interface MasterChoice extends TrustOptions {
  readonly master?: HostPort;
  readonly discover?: string;
}

/** Adds the options of a command that may ask a master. */
export function addMasterChoice(command: Command, what: string): Command {
  command
    .addOption(new Option('--master <host:port>', what).argParser(hostPort(defaultPorts.masterGrpc)))
    .option('--discover <nats-url>', 'instead of --master: one of the masters announced at nats://H:P[,H:P]');
  return addDiallerTrust(command);
}

/** The master that is named by its address or by NATS; undefined: none is. */
export async function chosenMaster(options: MasterChoice): Promise<HostPort | undefined> {
  const { master, discover } = options;
  if (master !== undefined || discover === undefined) return master;
  compileDiscoveredTrust(options);
  // The NATS client is loaded only here.
  const [{ findOne }, { natsUrl }] = await Promise.all([import('../nats/options.js'), import('../nats/nats-url.js')]);
  return (await findOne(natsUrl(discover), 'master')).grpc;
}

export interface MasterCommandOptions extends MasterChoice {
  readonly json?: boolean;
}

/** Where a master of this machine listens unless it is told otherwise. */
const masterHere: HostPort = { host: '127.0.0.1', port: defaultPorts.masterGrpc };

/** Time for a master to answer a question that needs no scan. */
const answerTimeoutMs = 10_000;

/** A command that asks a master one thing. */
export function masterCommand(name: string, description: string): Command {
  const command = new Command(name).description(description);
  addMasterChoice(command, `the master to ask (default: ${masterHere.host}:${masterHere.port})`);
  return command.option('--json', 'print one JSON document').option('--verbose', 'print the stack of an error');
}

type Answer<T> = (error: Error | null, response: T) => void;

/** Asks, and hangs up. Rejects with TriremeError in the master's words. */
export async function askMaster<T>(
  options: MasterCommandOptions,
  ask: (client: DialledMaster['client'], deadline: { deadline: number }, answer: Answer<T>) => void,
): Promise<T> {
  const master = (await chosenMaster(options)) ?? masterHere;
  // Loaded here, so that --help does not wait for gRPC.
  const { dialMaster } = require('./master-dial.js') as typeof import('./master-dial.js');
  const { fromMaster } = require('./master-errors.js') as typeof import('./master-errors.js');
  const { client, name, dialler } = dialMaster(master, compileDiallerTrust(options));
  try {
    return await new Promise<T>((resolve, reject) => {
      ask(client, { deadline: Date.now() + answerTimeoutMs }, (error, response) => {
        if (error === null) resolve(response);
        else reject(error);
      });
    });
  } catch (error) {
    throw fromMaster(error, name, dialler);
  } finally {
    client.close();
  }
}
