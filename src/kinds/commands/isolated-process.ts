/** What runs in the process of a kind with isolate: process: it reads payloads as frames, and answers in frames. */
import { compileFolderKind, payloadBytesBound } from '../folder-kind.js';
import { exportedBy } from '../folder-kinds.js';
import type { KindBatch } from '../kind.js';
import { aliveFrame, FramingReader, frameOf } from './framing.js';

// Standard output belongs to the frames: what the kind prints goes where its errors go.
const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

const [file] = process.argv.slice(3);

/** A batch of one job, whose answer is a frame. */
const batchOf = (payload: Buffer): KindBatch => ({
  count: 1,
  source: null,
  payload: () => payload,
  answer: (bytes) => void answer(frameOf(bytes)),
  answerEach: (bytes) => void answer(frameOf(bytes)),
  fail: (reason) => void answer(frameOf(Buffer.from(reason), true)),
  notRun: (reason) => void answer(frameOf(Buffer.from(reason), true)),
  // The whole process is ended.
  cancelled: () => false,
  progress: () => void answer(aliveFrame),
});

async function serve(): Promise<void> {
  const kind = compileFolderKind(await exportedBy(file, file), 'isolated', file);
  const reader = new FramingReader('frames', payloadBytesBound);
  for await (const chunk of process.stdin) {
    reader.push(chunk as Buffer);
    for (let said = reader.next(); said?.type === 'result'; said = reader.next()) await kind.run(batchOf(said.bytes));
  }
}

void serve();
