import Table from 'cli-table3';
import { Command, Option } from 'commander';
import { Metadata } from '@grpc/grpc-js';
import { forTerminal } from '../common/for-terminal.js';
import { defaultPorts } from '../common/limits.js';
import { formatHostPort, hostPort, type HostPort } from '../common/options.js';
import { DiallerTrust } from '../common/trust/dialler-trust.js';
import { GrpcDialler } from '../common/trust/grpc-dialler.js';
import { addDiallerTrust, compileDiallerTrust, type TrustOptions } from '../common/trust/options.js';
import { ClusterServiceClient, type ClientShare, type ListSharesResponse } from '../gen/trireme/v1/worker.js';
import { failure, timeoutMs } from './why-command.js';
import { lines, plain } from './why-text.js';

interface SharesCommandOptions extends TrustOptions {
  readonly lb: HostPort;
  readonly json: boolean;
}

/** `trireme shares` */
export function buildCommand(): Command {
  const address = { host: '127.0.0.1', port: defaultPorts.lbGrpc };
  const command = new Command()
    .description('tell what clients have of the workers of a load balancer that was started with --shares')
    .addOption(
      new Option('--lb <host:port>', "the load balancer's gRPC port")
        .argParser(hostPort(defaultPorts.lbGrpc))
        .default(address, formatHostPort(address)),
    )
    .option('--json', 'print one JSON document', false)
    .option('--verbose', 'show the stack of an error');
  return addDiallerTrust(command).action(run);
}

async function run({ lb, json, ...trust }: SharesCommandOptions): Promise<void> {
  const dialler = new GrpcDialler(new DiallerTrust(compileDiallerTrust(trust)));
  const client = new ClusterServiceClient(formatHostPort(lb), dialler.credentials(lb.host), dialler.options(lb.host));
  try {
    const { shared, clients } = await new Promise<ListSharesResponse>((resolve, reject) => {
      client.listShares({}, new Metadata(), { deadline: Date.now() + timeoutMs }, (error, response) => {
        if (error === null) resolve(response);
        else reject(failure(error, lb, dialler));
      });
    });
    if (json) process.stdout.write(`${JSON.stringify({ shared, clients })}\n`);
    else
      process.stdout.write(shared ? shareTable(clients) : 'clients have no shares: it was started without --shares\n');
  } finally {
    client.close();
  }
}

/** A line for each client. */
export function shareTable(clients: readonly ClientShare[]): string {
  const table = new Table({
    ...plain,
    head: ['CLIENT', 'WEIGHT', 'WAITING', 'RUNNING', 'SECONDS', 'DUE', 'HAD'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
  });
  const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;
  for (const { client, weight, waiting, running, seconds, wanted, had } of clients)
    table.push([forTerminal(client), weight, waiting, running, seconds.toFixed(1), percent(wanted), percent(had)]);
  return lines(table);
}
