import { Command, Option } from 'commander';
import { hostPort, type HostPort } from '../common/options.js';
import { defaultPorts } from '../common/limits.js';
import { addDiallerTrust, compileDiallerTrust, type TrustOptions } from '../common/trust/options.js';
import type { DialledMaster } from './master-dial.js';

export interface MasterCommandOptions extends TrustOptions {
  readonly master: HostPort;
  readonly json?: boolean;
}

/** Time for a master to answer a question that needs no scan. */
const answerTimeoutMs = 10_000;

/** A command that asks a master one thing. */
export function masterCommand(name: string, description: string): Command {
  const port = defaultPorts.masterGrpc;
  const command = new Command(name)
    .description(description)
    .addOption(
      new Option('--master <host:port>', 'the master to ask')
        .argParser(hostPort(port))
        .default({ host: '127.0.0.1', port }, `127.0.0.1:${port}`),
    )
    .option('--json', 'print one JSON document')
    .option('--verbose', 'print the stack of an error');
  return addDiallerTrust(command);
}

type Answer<T> = (error: Error | null, response: T) => void;

/** Asks, and hangs up. Rejects with TriremeError in the master's words. */
export async function askMaster<T>(
  options: MasterCommandOptions,
  ask: (client: DialledMaster['client'], deadline: { deadline: number }, answer: Answer<T>) => void,
): Promise<T> {
  // Loaded here, so that --help does not wait for gRPC.
  const { dialMaster } = require('./master-dial.js') as typeof import('./master-dial.js');
  const { fromMaster } = require('./master-errors.js') as typeof import('./master-errors.js');
  const { client, name, dialler } = dialMaster(options.master, compileDiallerTrust(options));
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
