import { connect } from '@nats-io/transport-node';
import { checkTime, clientArguments, closedLoop, say } from '../closed-loop.js';

void (async () => {
  const { at, inFlight, durationMs } = clientArguments();
  const connection = await connect({ servers: at });
  const payload = new Uint8Array([0x31]);
  const ask = async (): Promise<boolean> => {
    const answer = await connection.request('jobs', payload, { timeout: 30_000 });
    return checkTime(answer.string());
  };
  say(await closedLoop(inFlight, durationMs, ask));
  await connection.close();
})();
