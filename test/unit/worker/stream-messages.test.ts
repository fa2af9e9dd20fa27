import fc from 'fast-check';
import { HubMessage, WorkerMessage } from '../../../src/gen/trireme/v1/worker.js';
import { decodeWorkerMessage, encodeHubMessage } from '../../../src/hub/attach/worker-message.js';
import { decodeHubMessage, encodeWorkerMessage } from '../../../src/worker/stream-messages.js';
import { holds } from '../../support/property.js';

const numbers = fc.array(fc.nat(2 ** 31), { maxLength: 5 });
// Lengths of one byte, of two and of three.
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.nat(40_000).map((length) => new Uint8Array(length).fill(7)),
);
const buffer = bytes.map((each) => Buffer.from(each));

const hubMessages = fc
  .record({
    job: numbers,
    kind: numbers,
    payloadSize: numbers,
    payloads: buffer,
    urgent: fc.array(fc.boolean()),
    jobHigh: numbers,
  })
  .map((value): HubMessage => ({
    message: { $case: 'jobs', value: { ...value, timeoutSeconds: [0.5], traces: { traceparent: ['', '00-aa'] } } },
  }));

const results = fc
  .record({ job: numbers, payloadSize: numbers, payloads: buffer, kind: numbers, incarnation: fc.nat() })
  .map((value): WorkerMessage => ({
    message: { $case: 'results', value: { ...value, status: [], execSeconds: [1], heldSeconds: [], jobHigh: [] } },
  }));
const parts = fc
  .record({ job: fc.nat(), data: buffer, jobHigh: fc.nat(), incarnation: fc.nat() })
  .map((value): WorkerMessage => ({ message: { $case: 'part', value } }));
const heartbeat: WorkerMessage = {
  message: {
    $case: 'heartbeat',
    value: { slots: 1, busy: 2, queued: 3, load: 0.5, draining: true, backlogElsewhereSeconds: 1 },
  },
};

test('what a hub says is read by the generated decoder, and what the generated encoder writes is read', () => {
  holds(
    hubMessages,
    (message) => {
      const written = encodeHubMessage(message);
      expect(HubMessage.decode(written)).toEqual(message);
      expect(decodeHubMessage(written)).toEqual(message);
      expect(decodeHubMessage(HubMessage.encode(message).finish())).toEqual(message);
    },
    200,
  );
});

test('so is what a worker says', () => {
  holds(
    fc.oneof(results, parts, fc.constant(heartbeat)),
    (message) => {
      const written = encodeWorkerMessage(message);
      expect(WorkerMessage.decode(written)).toEqual(message);
      expect(decodeWorkerMessage(written)).toEqual(message);
      expect(decodeWorkerMessage(WorkerMessage.encode(message).finish())).toEqual(message);
    },
    200,
  );
});

test('payloads are not copied when they are read', () => {
  const value = {
    job: [1],
    kind: [1],
    payloadSize: [3],
    payloads: Buffer.from('abc'),
    timeoutSeconds: [],
    urgent: [],
    jobHigh: [],
  };
  const written = encodeHubMessage({ message: { $case: 'jobs', value } });
  const read = decodeHubMessage(written).message;
  expect(read).toEqual({ $case: 'jobs', value });
  expect(read?.$case === 'jobs' && read.value.payloads.buffer === written.buffer).toBe(true);
});

test('any bytes are read as the generated decoder reads them, or refused as it refuses them', () => {
  const attempt = (decode: (from: Uint8Array) => unknown, from: Uint8Array): unknown => {
    try {
      return decode(from);
    } catch {
      return 'refused';
    }
  };
  const begun = fc.tuple(fc.constantFrom(0x12, 0x1a, 0x22), fc.nat(30), fc.uint8Array({ maxLength: 30 }));
  holds(
    begun,
    ([key, length, rest]) => {
      const from = Uint8Array.from([key, length, ...rest]);
      expect(attempt(decodeHubMessage, from)).toEqual(attempt((each) => HubMessage.decode(each), from));
      expect(attempt(decodeWorkerMessage, from)).toEqual(attempt((each) => WorkerMessage.decode(each), from));
    },
    500,
  );
});
