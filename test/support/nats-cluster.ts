import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { NatsServer, type NatsProgram } from './nats-server.js';

/** Servers that know each other; one alone for 1. @param program undefined: the oldest that is installed */
export async function startNats(folder: string, count: number, program?: NatsProgram): Promise<NatsServer[]> {
  const place = { host: '127.0.0.1', port: -1, before: [], program };
  if (count === 1) return [await NatsServer.start(join(folder, 'nats-0'), [], place)];
  const routes = (await freePorts(count)).map((port) => `nats://127.0.0.1:${port}`);
  return Promise.all(
    routes.map((route, i) =>
      NatsServer.start(
        join(folder, `nats-${i}`),
        ['--cluster_name', 'test', '--cluster', route, '--routes', routes.join(','), '-n', `n${i}`],
        place,
      ),
    ),
  );
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const held = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(held.map((server) => once(server, 'listening')));
  const ports = held.map((server) => (server.address() as AddressInfo).port);
  for (const server of held) server.close();
  await Promise.all(held.map((server) => once(server, 'close')));
  return ports;
}
