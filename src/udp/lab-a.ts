import { LabNetwork } from './sandbox.js';
import type { Stage } from './lab-stage.js';

/** Lab A: the same numbers without the filter, with it, and with it put on and taken off in mid-stream. */
export async function labA(stage: Stage, mode: string): Promise<void> {
  const network = await LabNetwork.create();
  const server = await network.addHost('server');
  const client = await network.addHost('client');
  const to = ['--to', `${server.address}:50001`];
  const numbers = (count: number): readonly string[] => [
    'udp-client',
    ...to,
    '--count',
    `${count}`,
    '--interval-ms',
    '100',
  ];

  stage.heading('without a filter: ten numbers are sent, and all arrive');
  const receiver = stage.start('server', server, ['udp-server']);
  await stage.heard(receiver, /listening/);
  await stage.run('client', client, numbers(10));

  stage.heading(`the filter goes on (${mode} XDP): the kernel says what it decides, the odd ones arrive`);
  await stage.run('xdp', server, ['xdp', 'attach', 'parity', '--iface', 'eth0', '--mode', mode]);
  const trace = stage.start('kernel', server, ['xdp', 'trace', '--iface', 'eth0']);
  await stage.pause(500);
  await stage.run('client', client, numbers(10));
  await stage.pause(200);
  await trace.stop();
  await stage.run('xdp', server, ['xdp', 'stats']);
  // The server sees only what was passed to the stack: ping is untouched.
  stage.heading('the filter goes off while numbers 0 to 29 are under way: the even ones arrive again');
  const sender = stage.start('client', client, numbers(30));
  await stage.pause(1200);
  await stage.run('xdp', server, ['xdp', 'detach', '--iface', 'eth0']);
  await sender.ended;
  await stage.pause(200);
  await receiver.stop();
}
