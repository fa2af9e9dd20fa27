/** What runs on a job thread: it sleeps until a batch is given, runs it, and leaves the answers in shared memory. */
import { setPriority } from 'node:os';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { TriremeError } from '../../common/errors.js';
import type * as CommandKind from '../../kinds/commands/command-kind.js';
import { addFolderKinds } from '../../kinds/folder-kinds.js';
import { readKinds } from '../../kinds/registry.js';
import type { BatchSource } from '../../kinds/kind.js';
import { RingReader } from './byte-ring.js';
import { FrameBatch } from './frame-batch.js';
import {
  wakeUp,
  type AnswersMessage,
  type GroupMessage,
  type PayloadMessage,
  type ReadyMessage,
  type ThreadData,
} from './messages.js';
import { Control, ThreadMemory, Travel, type Frame } from './thread-memory.js';

/** Niceness of a job thread beside the main thread's 0: where cores are short, messages go before jobs. */
const jobThreadNice = 5;

const { memory: shared, port, kindsFolder, userFolders, commands, scratch, calibrates } = workerData as ThreadData;
const memory = new ThreadMemory(shared);
const { control } = memory;
const registry = readKinds(kindsFolder === '' ? undefined : kindsFolder);

const noAnswer = new TriremeError('INTERNAL', 'the kind gave no answer');

function sourceOf(message: PayloadMessage, frame: Frame): BatchSource | null {
  if (message.source === null || message.source.type === 'file') return message.source;
  const reader = new RingReader(message.source.ring, port, () => Atomics.load(frame.cancelled, 0) === 1);
  return { type: 'stream', read: () => reader.read() };
}

/** Returns a promise only when the kind does: awaiting costs a turn of the event loop. */
function run(batch: number): void | Promise<void> {
  const frame = memory.frame(batch);
  let jobs: FrameBatch;
  if (frame.payloadTravel === Travel.MESSAGE) {
    // Posted before the batch was given, so it is here.
    const message = receiveMessageOnPort(port)?.message as PayloadMessage;
    jobs = new FrameBatch(memory, batch, message.payload, sourceOf(message, frame), message.traceparent);
  } else jobs = new FrameBatch(memory, batch, null, null);
  const start = performance.now();
  const end = (caught: unknown): void => {
    frame.execSeconds[0] = (performance.now() - start) / 1000;
    const bytes = jobs.end(caught === undefined ? noAnswer : TriremeError.from(caught));
    if (bytes !== null)
      port.postMessage({ type: 'answers', bytes } satisfies AnswersMessage, [bytes.buffer as ArrayBuffer]);
    Atomics.store(control, Control.ENDED, (batch + 1) | 0);
    if (Atomics.exchange(control, Control.WOKEN, 1) === 0) port.postMessage(wakeUp);
  };
  try {
    if (jobs.refuseCancelled()) return end(undefined);
    const running = registry.get(frame.kind)?.run(jobs);
    if (running !== undefined) return running.then(() => end(undefined), end);
  } catch (error) {
    return end(error);
  }
  end(undefined);
}

async function serve(): Promise<void> {
  // On Linux 0 is the calling thread. Those that carry messages have little to do and everybody waits for them.
  if (process.platform === 'linux') setPriority(0, jobThreadNice);
  const groups = {
    began: (group: number) => port.postMessage({ type: 'group', group, began: true } satisfies GroupMessage),
    gone: (group: number) => port.postMessage({ type: 'group', group, began: false } satisfies GroupMessage),
  };
  if (userFolders.length > 0) await addFolderKinds(registry, userFolders, { groups, scratch });
  if (commands.length > 0) {
    // Loaded only here: most threads have no processes.
    const { addCommands } = require('../../kinds/commands/command-kind.js') as typeof CommandKind;
    addCommands(registry, commands, { groups, scratch });
  }
  // Every thread measures when the worker starts, at the same time as the others: that is how jobs will run.
  // One that is started in the place of another begins sooner without: it takes half of the time.
  const measured = calibrates ? registry.all() : [];
  const kinds = measured.map((kind) => ({ kind: kind.number, secondsPerUnit: kind.calibrate() }));
  port.postMessage({ type: 'ready', kinds } satisfies ReadyMessage);
  for (let batch = 0; ; batch = (batch + 1) | 0) {
    // A loop, because the bell of the last batch may ring late, when its work is done already.
    while (Atomics.load(control, Control.GIVEN) === batch) Atomics.wait(control, Control.GIVEN, batch);
    Atomics.store(control, Control.ANSWERED, 0);
    Atomics.store(control, Control.BEGUN, (batch + 1) | 0);
    const running = run(batch);
    if (running !== undefined) await running;
  }
}

void serve();
