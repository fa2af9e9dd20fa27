// One bare grpc-js server without a balancer: RunJob of the same proto, answered in the handler.
import * as grpc from '@grpc/grpc-js';
import { JobServiceService, type RunJobRequest, type RunJobResponse } from '../../../src/gen/trireme/v1/job.js';
import { say, time } from '../closed-loop.js';

const server = new grpc.Server();
server.addService(JobServiceService, {
  runJob: (_call: grpc.ServerUnaryCall<RunJobRequest, RunJobResponse>, callback: grpc.sendUnaryData<RunJobResponse>) =>
    callback(null, { result: time(), worker: '', execSeconds: 0, attempts: 1, jobId: 0 }),
  runJobs: (call: grpc.ServerDuplexStream<unknown, unknown>) => call.end(),
});
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  say({ at: `127.0.0.1:${port}` });
});
