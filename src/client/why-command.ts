import { Command, InvalidArgumentError, Option } from 'commander';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { TriremeError } from '../common/errors.js';
import { defaultPorts } from '../common/limits.js';
import { formatHostPort, hostPort, integer, type HostPort } from '../common/options.js';
import { DiallerTrust } from '../common/trust/dialler-trust.js';
import { GrpcDialler } from '../common/trust/grpc-dialler.js';
import { addDiallerTrust, compileDiallerTrust, type TrustOptions } from '../common/trust/options.js';
import { ClusterServiceClient, type Pick as PickMessage } from '../gen/trireme/v1/worker.js';
import { batchWords, explanation, pickTable } from './why-text.js';

interface WhyCommandOptions extends TrustOptions {
  readonly lb?: HostPort;
  readonly master?: HostPort;
  readonly last?: number | true;
  readonly json: boolean;
}

/** Time for an answer: what is asked is in memory. */
export const timeoutMs = 10_000;
/** Picks in the list when the number is left out: what fits a screen. */
const lastDefault = 20;
/** What a hub keeps. */
const lastMax = 512;

/** `trireme why` */
export function buildCommand(): Command {
  const command = new Command()
    .description('tell why a job went to the worker that it went to')
    .argument('[job]', 'id of the job, as RunJob answers it and --last lists it', jobId)
    .addOption(new Option('--lb <host:port>', "the load balancer's gRPC port").argParser(hostPort(defaultPorts.lbGrpc)))
    .addOption(
      new Option('--master <host:port>', "the master's gRPC port").argParser(hostPort(defaultPorts.masterGrpc)),
    )
    .addOption(
      new Option('--last [n]', `list the last picks that were kept (default: ${lastDefault})`).argParser(
        integer(1, lastMax),
      ),
    )
    .option('--json', 'print one JSON document', false)
    .option('--verbose', 'show the stack of an error')
    .addHelpText(
      'after',
      `
Of all jobs a sample is kept, of those asked for by RunJob every one, and of these the last ${lastMax}.
An error in brackets: ${batchWords}.

Examples:
  trireme why --last --lb 127.0.0.1:50051
  trireme why 1048577 --lb 127.0.0.1:50051`,
    );
  return addDiallerTrust(command).action(run);
}

function jobId(text: string): number {
  try {
    return integer(1, Number.MAX_SAFE_INTEGER)(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

async function run(job: number | undefined, { lb, master, last, json, ...trust }: WhyCommandOptions): Promise<void> {
  if ((job === undefined) === (last === undefined))
    throw new TriremeError('USAGE', 'say either the id of a job or --last, not both and not neither');
  if ((lb === undefined) === (master === undefined))
    throw new TriremeError('USAGE', 'say either --lb HOST:PORT or --master HOST:PORT, not both and not neither');
  const hub = (lb ?? master) as HostPort;
  const dialler = new GrpcDialler(new DiallerTrust(compileDiallerTrust(trust)));
  const client = new ClusterServiceClient(
    formatHostPort(hub),
    dialler.credentials(hub.host),
    dialler.options(hub.host),
  );
  try {
    const picks = await ask(client, hub, dialler, job, last === true ? lastDefault : last);
    if (json) process.stdout.write(`${JSON.stringify({ picks })}\n`);
    else process.stdout.write(job === undefined ? pickTable(picks) : picks.map(explanation).join('\n'));
  } finally {
    client.close();
  }
}

async function ask(
  client: ClusterServiceClient,
  hub: HostPort,
  dialler: GrpcDialler,
  job: number | undefined,
  limit = lastDefault,
): Promise<PickMessage[]> {
  const deadline = { deadline: Date.now() + timeoutMs };
  return new Promise((resolve, reject) => {
    const take = (error: ServiceError | null, response: { picks: PickMessage[] }): void => {
      if (error === null) resolve(response.picks);
      else reject(failure(error, hub, dialler));
    };
    if (job === undefined) client.listPicks({ limit }, new Metadata(), deadline, take);
    else client.explainJob({ jobId: BigInt(job) }, new Metadata(), deadline, take);
  });
}

/** An error of ClusterService in words. */
export function failure(error: ServiceError, hub: HostPort, dialler: GrpcDialler): TriremeError {
  const options = { cause: error };
  if (error.code === status.NOT_FOUND)
    return new TriremeError('NO_SUCH_PICK', error.details.replace(/^NO_SUCH_PICK: /, ''), options);
  const codes = { [status.UNAUTHENTICATED]: 'UNAUTHENTICATED', [status.PERMISSION_DENIED]: 'NOT_ALLOWED' } as const;
  const code = codes[error.code as keyof typeof codes] ?? 'UNREACHABLE';
  return new TriremeError(code, `${formatHostPort(hub)}: ${dialler.explain(error)}`, options);
}
