import * as grpc from '@grpc/grpc-js';
import { JobServiceClient } from '../../../src/gen/trireme/v1/job.js';
import { checkTime, clientArguments, closedLoop, say } from '../closed-loop.js';

const { at, inFlight, durationMs } = clientArguments();
const client = new JobServiceClient(at, grpc.credentials.createInsecure());
const ask = (): Promise<boolean> =>
  new Promise((resolve, reject) => {
    client.runJob({ kind: 1 }, (error, response) => {
      if (error !== null) return reject(error);
      resolve(checkTime(response.result));
    });
  });
void closedLoop(inFlight, durationMs, ask).then((report) => {
  say(report);
  client.close();
});
