import type { Registry } from 'prom-client';
import type { RunningGrpcServer } from '../grpc-server.js';
import type { Logger } from '../logging.js';
import type { HostPort } from '../options.js';
import type { ListenerTrust } from '../trust/listener-trust.js';
import type { RunningHttpServer } from './http-server.js';

export type { RunningHttpServer } from './http-server.js';

/**
 * Opens the port of --http where it is asked for: the libraries of Connect are loaded only then.
 * @param options.listen undefined: it is not
 * @throws TriremeError UNREACHABLE when the address cannot be listened on
 */
export async function openHttp(options: {
  readonly listen: HostPort | undefined;
  readonly origins: readonly string[];
  readonly server: RunningGrpcServer;
  readonly trust: ListenerTrust;
  readonly log: Logger;
  readonly registry: Registry;
}): Promise<RunningHttpServer | undefined> {
  const { listen, server, ...rest } = options;
  if (listen === undefined) return undefined;
  const { startHttpServer } = await import('./http-server.js');
  return startHttpServer({ ...rest, listen, services: server.services });
}
