// One of the workers behind a NATS queue group: a payload of more than a byte is echoed.
import { connect } from '@nats-io/transport-node';
import { say, time } from '../closed-loop.js';

void (async () => {
  const connection = await connect({ servers: process.argv[2] });
  connection.subscribe('jobs', {
    queue: 'workers',
    callback: (_error, message) => void message.respond(message.data.length > 1 ? message.data : time()),
  });
  await connection.flush();
  say({ ready: true });
})();
