import { pino } from 'pino';
import { CaptureAccess } from '../../../src/captures/file/capture-access.js';
import { TriremeError } from '../../../src/common/errors.js';
import type { Hub } from '../../../src/hub/port/hub.js';
import { ExtractCalls, extractionsMax } from '../../../src/master/extract-calls.js';
import type { ExtractCall } from '../../../src/master/extract-sinks.js';
import { extractAheadBytesMax, extractChunkBytesMax, Extraction } from '../../../src/master/extraction.js';
import type { OpenCapture } from '../../../src/master/open-capture.js';
import { scratchFolder } from '../../support/scratch.js';
import { fivePackets, smallCapture } from '../../support/small-capture.js';

const scratch = scratchFolder();

/** A hub of many idle workers, which answer nothing, and how many jobs it was given. */
function idleHub(): { hub: Hub; given: () => number } {
  let given = 0;
  const hub: Partial<Hub> = {
    onWorkersChanged: () => () => undefined,
    workersReady: () => 1000,
    capacity: () => [{ slots: 1000, secondsPerUnit: 1e-9 }] as ReturnType<Hub['capacity']>,
    submit: () => ++given,
    cancel: () => true,
  };
  return { hub: hub as Hub, given: () => given };
}

test('chunks are begun up to extractAheadBytesMax, however many workers wait for more', async () => {
  const { hub, given } = idleHub();
  const capture: OpenCapture = {
    path: '/captures/large.pcap',
    bytes: { at: 'file', fd: -1, first: smallCapture(fivePackets) },
    sizeBytes: 2 ** 40,
    identity: { sizeBytes: 2n ** 40n, endsSha256: Buffer.alloc(32) },
    modified: '1',
    content: () => Promise.resolve(''),
    checkUnchanged: () => Promise.resolve(),
    close: () => undefined,
  };
  const extraction = new Extraction({
    ...{ hub, capture, source: 's', chunkBytes: null, options: {}, byIndex: false, waitMs: 1000 },
    write: () => Promise.resolve(),
    onProgress: () => undefined,
  });
  const ran = extraction.run();
  while (given() === 0) await new Promise((resolve) => setImmediate(resolve));
  extraction.abort(new TriremeError('CANCELLED', 'enough'));
  await expect(ran).rejects.toMatchObject({ code: 'CANCELLED' });
  expect([given(), given() * extractChunkBytesMax]).toEqual([32, extractAheadBytesMax]);
});

test('one extraction more than extractionsMax is refused, and the next one when one has ended', async () => {
  const gone: ((error: Error) => void)[] = [];
  class Waiting extends CaptureAccess {
    override open(): Promise<never> {
      return new Promise((_resolve, reject) => gone.push(reject));
    }
  }
  const access = new Waiting([scratch.path]);
  const calls = new ExtractCalls({
    ...{
      hub: idleHub().hub,
      access,
      places: access,
      urls: [],
      chunkBytes: null,
      waitMs: 1,
      log: pino({ level: 'silent' }),
    },
    sources: undefined as never,
    spool: { claim: () => false } as never,
  });
  const call = {
    request: { path: 'a.pcap', name: '', waitMs: 0, filter: '', filterTags: '', packetsMax: 0n, to: '' },
  } as ExtractCall;
  const running = Array.from({ length: extractionsMax }, () => calls.serve(call));
  await expect(calls.serve(call)).rejects.toMatchObject({
    code: 'QUEUE_FULL',
    message: `${extractionsMax} extractions run already (extractionsMax); ask again later`,
  });
  while (gone.length < extractionsMax) await new Promise((resolve) => setImmediate(resolve));
  gone[0](new TriremeError('FILE_UNREADABLE', 'gone'));
  await expect(running[0]).rejects.toThrow('gone');
  const next = calls.serve(call);
  while (gone.length < extractionsMax + 1) await new Promise((resolve) => setImmediate(resolve));
  for (const end of gone) end(new TriremeError('CANCELLED', 'ended'));
  await Promise.allSettled([...running, next]);
});
