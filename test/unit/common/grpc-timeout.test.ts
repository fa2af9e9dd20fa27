import * as grpc from '@grpc/grpc-js';
import { connect } from 'node:http2';
import { pino } from 'pino';
import { startGrpcServer, type RunningGrpcServer } from '../../../src/common/grpc-server.js';
import { clampedConnectTimeout, clampedTimeout, timeoutSecondsMax } from '../../../src/common/grpc-timeout.js';

test.each([
  ['720H', '2147483S'],
  ['43200M', '2147483S'],
  ['2592000S', '2147483S'],
  ['99999999S', '2147483S'],
  ['99999999H', '2147483S'],
  ['2147483S', '2147483S'],
  ['2147484S', '2147483S'],
  ['596H', '596H'],
  ['597H', '2147483S'],
  ['99999999m', '99999999m'],
  ['0S', '0S'],
  ['5u', '5u'],
  ['123456789S', '123456789S'],
  ['S', 'S'],
  ['', ''],
])('a time-out of %s becomes %s', (header, expected) => {
  expect(clampedTimeout(header)).toBe(expected);
});

test.each([
  ['9999999999', '2147483000'],
  ['2147483000', '2147483000'],
  ['50', '50'],
  ['12345678901', '12345678901'],
  ['x', 'x'],
])('a connect-timeout-ms of %s becomes %s', (header, expected) => {
  expect(clampedConnectTimeout(header)).toBe(expected);
});

describe('a server', () => {
  const path = '/test.Wait/Wait';
  const bytes = (value: Buffer): Buffer => value;
  let server: RunningGrpcServer;
  let deadline: grpc.Deadline | undefined;

  beforeAll(async () => {
    const method: grpc.MethodDefinition<Buffer, Buffer> = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    };
    server = await startGrpcServer({
      listen: { host: '127.0.0.1', port: 0 },
      log: pino({ level: 'silent' }),
      services: [
        {
          definition: { wait: method },
          implementation: {
            wait: (call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) => {
              deadline = call.getDeadline();
              setTimeout(() => answer(null, Buffer.from('waited')), 50);
            },
          },
        },
      ],
    });
  });

  afterAll(() => server.close(0));

  test.each(['720H', '1193H', '99999999H', '99999999S', '2147483S'])(
    'answers a call with a time-out of %s, which has not passed',
    async (timeout) => {
      const session = connect(`http://127.0.0.1:${server.address.port}`);
      const call = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        'grpc-timeout': timeout,
      });
      call.end(Buffer.from([0, 0, 0, 0, 0]));
      const status = await new Promise<unknown>((resolve, reject) => {
        call.on('response', (headers) => headers['grpc-status'] !== undefined && resolve(headers['grpc-status']));
        call.on('trailers', (trailers) => resolve(trailers['grpc-status']));
        call.on('error', reject);
        call.resume();
      });
      session.close();
      expect(status).toBe('0');
      const seconds = (Number(deadline) - Date.now()) / 1000;
      expect(Math.abs(seconds - timeoutSecondsMax)).toBeLessThan(60);
    },
  );

  test('and a client of grpc-js whose deadline is 30 days away', async () => {
    const client = new grpc.Client(`127.0.0.1:${server.address.port}`, grpc.credentials.createInsecure());
    const answer = await new Promise<Buffer | undefined>((resolve, reject) => {
      const options = { deadline: Date.now() + 30 * 86_400_000 };
      client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), options, (error, value) =>
        error === null ? resolve(value) : reject(error),
      );
    });
    client.close();
    expect(answer?.toString()).toBe('waited');
  });
});
