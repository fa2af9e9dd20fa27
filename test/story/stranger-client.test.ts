import * as grpc from '@grpc/grpc-js';
import * as protoLoader from '@grpc/proto-loader';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { JobCluster } from '../support/job-cluster.js';

/** A client as strangers write it: no generated code, the .proto files loaded at run time. */
type Stranger = grpc.Client &
  Record<string, (request: object, done: (error: Error | null, answer: Record<string, unknown>) => void) => void>;

let cluster: JobCluster;
let stub: Record<string, new (address: string, credentials: grpc.ChannelCredentials) => Stranger>;

beforeAll(async () => {
  cluster = await JobCluster.start([1]);
  const loaded = protoLoader.loadSync(['trireme/v1/job.proto', 'trireme/v1/worker.proto'], {
    includeDirs: [join(projectRoot, 'proto')],
    enums: String,
    longs: String,
    defaults: true,
  });
  const root = grpc.loadPackageDefinition(loaded) as unknown as { trireme: { v1: typeof stub } };
  stub = root.trireme.v1;
});
afterAll(() => cluster.stop());

async function call(service: string, method: string, request: object): Promise<Record<string, unknown>> {
  const client = new stub[service](cluster.grpc, grpc.credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) =>
      client[method](request, (error, answer) => (error === null ? resolve(answer) : reject(error))),
    );
  } finally {
    client.close();
  }
}

describe('a client that loads the .proto files', () => {
  test('runs a job by the name of its kind', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { result, attempts } = await call('JobService', 'RunJob', { kind: 'JOB_KIND_GET_TIME' });
    expect(Number(result)).toBeGreaterThanOrEqual(before);
    expect(Number(result)).toBeLessThanOrEqual(Date.now() / 1000);
    expect(attempts).toBe(1);
  });

  test('sees the worker, its slots and its kinds', async () => {
    const { workers } = await call('ClusterService', 'ListWorkers', {});
    expect(workers).toMatchObject([
      {
        state: 'SERVING',
        slots: 1,
        kinds: expect.arrayContaining([expect.objectContaining({ name: 'GET_TIME' })]) as [],
      },
    ]);
  });

  test('is told that an unknown kind is an invalid argument', async () => {
    await expect(call('JobService', 'RunJob', { kind: 77 })).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
    });
  });
});
