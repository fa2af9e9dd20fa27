import { LabNetwork, type Host } from './sandbox.js';
import type { Player, Stage } from './lab-stage.js';

/** Lab B: a balancer in the kernel before three servers of different size; one of them dies with its threads full. */
export async function labB(stage: Stage, mode: string): Promise<void> {
  const network = await LabNetwork.create();
  const lb = await network.addHost('lb');
  const at = ['--lb', `${lb.address}:50002`];
  const sizes = [2, 4, 8];
  const hosts: Host[] = [];
  for (let i = 0; i < sizes.length; i++) hosts.push(await network.addHost(`s${i + 1}`));
  const client = await network.addHost('c');

  stage.heading(`the balancer goes on (${mode} XDP), then three servers with 2, 4 and 8 threads`);
  await stage.run('lb', lb, ['xdp', 'attach', 'lb', '--iface', 'eth0', '--mode', mode]);
  const servers: Player[] = [];
  for (const [i, host] of hosts.entries()) {
    servers.push(stage.start(host.name, host, ['job-server', ...at, '--threads', `${sizes[i]}`, '--quiet']));
    await stage.heard(servers[i], /threads on UDP port/);
  }

  stage.heading('ten jobs, and what the kernel decides about each');
  const trace = stage.start('kernel', lb, ['xdp', 'trace', '--iface', 'eth0']);
  await stage.pause(500);
  await stage.run('client', client, ['job-client', '0.1', '0.1', '0.3', ...at, '--count', '10']);
  await trace.stop();

  stage.heading('300 jobs of 100 to 200 ms at once: most free threads wins, the rest waits in the kernel');
  const crowd = stage.start('client', client, [
    'job-client',
    '0',
    '0.1',
    '0.2',
    ...at,
    '--count',
    '300',
    '--retry-ms',
    '20000',
    '--quiet',
  ]);
  await watch(stage, lb, crowd);

  stage.heading('s3 dies with its 8 threads full: its jobs run again elsewhere');
  const again = stage.start('client', client, [
    'job-client',
    '0',
    '0.5',
    '1',
    ...at,
    '--count',
    '40',
    '--retry-ms',
    '20000',
    '--quiet',
  ]);
  await stage.pause(700);
  await servers[2].kill();
  stage.say('  s3       killed');
  await watch(stage, lb, again);

  stage.heading('the sum');
  await stage.run('lb', lb, ['xdp', 'stats', '--iface', 'eth0']);
  await Promise.all(servers.slice(0, 2).map((server) => server.stop()));
  await stage.run('lb', lb, ['xdp', 'detach', '--iface', 'eth0']);
}

/** Shows the servers twice a second until the client has its answers. */
async function watch(stage: Stage, lb: Host, client: Player): Promise<void> {
  const table = stage.start('lb', lb, ['xdp', 'servers', '--watch', '--interval-ms', '500']);
  await client.ended;
  await table.stop();
  await stage.pause(0);
}
