import { connect } from '@nats-io/transport-node';
import { checkEcho, checkTime, clientArguments, closedLoop, echoPayload, say } from '../closed-loop.js';

void (async () => {
  const { at, inFlight, durationMs, payloadBytes } = clientArguments();
  const connection = await connect({ servers: at });
  const payload = Buffer.from(payloadBytes === 0 ? '1' : echoPayload(payloadBytes));
  const ask = async (): Promise<boolean> => {
    const answer = await connection.request('jobs', payload, { timeout: 30_000 });
    return payloadBytes === 0 ? checkTime(answer.string()) : checkEcho(answer.data, payload);
  };
  say(await closedLoop(inFlight, durationMs, ask));
  await connection.close();
})();
