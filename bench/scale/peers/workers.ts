/**
 * Simulated workers on real gRPC streams, each with a connection of its own, in one process:
 * `node workers.js HUB:PORT COUNT NAME`. Quick jobs are answered at once, slow ones after 20 ms.
 */
import { credentials } from '@grpc/grpc-js';
import { WorkerHubClient, type HubMessage, type WorkerMessage } from '../../../src/gen/trireme/v1/worker.js';
import { heartbeat, heartbeatSeconds, helloOf, resultsOf, slowKind, slowSeconds, type Jobs } from '../fleet.js';

const [hub, count, name] = process.argv.slice(2);

for (let number = 0; number < Number(count); number++) attach(`${name}${number}`);

function attach(id: string): void {
  const client = new WorkerHubClient(hub, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const stream = client.attach();
  let incarnation = 0;
  const say = (message: WorkerMessage['message']): void => void stream.write({ message });
  const answer = (jobs: Jobs, held: number): void => {
    if (jobs.job.length > 0) say({ $case: 'results', value: resultsOf(jobs, held, incarnation) });
  };
  stream.on('data', ({ message }: HubMessage) => {
    if (message?.$case === 'welcome') incarnation = message.value.incarnation;
    if (message?.$case !== 'jobs') return;
    const { job, jobHigh, kind } = message.value;
    if (!kind.includes(slowKind)) return answer(message.value, 0);
    const part = (slow: boolean): Jobs => {
      const mine = (_: number, at: number): boolean => (kind[at] === slowKind) === slow;
      const high = jobHigh.length > 1 ? jobHigh.filter(mine) : jobHigh;
      return { job: job.filter(mine), jobHigh: high, kind: kind.filter(mine) };
    };
    answer(part(false), 0);
    setTimeout(() => answer(part(true), slowSeconds), slowSeconds * 1000);
  });
  stream.on('error', () => process.exit(1));
  stream.on('end', () => process.exit(0));
  say({ $case: 'hello', value: helloOf(id) });
  setInterval(() => say({ $case: 'heartbeat', value: heartbeat }), heartbeatSeconds * 1000);
}
