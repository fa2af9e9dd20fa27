import type { ConsumerConfig, ConsumerInfo, JetStreamManager, StreamInfo } from '@nats-io/jetstream';

/** JetStream's words for a stream, a consumer and a message that are not there. */
const missingCodes: readonly unknown[] = [10_059, 10_014, 10_037];

export function nullIfMissing(error: unknown): null {
  if (missingCodes.includes((error as { code?: unknown }).code)) return null;
  throw error;
}

/** A stream, or the stream of a bucket, and how it is made. */
export interface StreamMaker {
  readonly name: string;
  make(): Promise<unknown>;
}

/** Makes a stream that is not there. @throws what NATS says against it */
export async function ensureStream(
  { streams }: JetStreamManager,
  { name, make }: StreamMaker,
): Promise<{ readonly info: StreamInfo; readonly isNew: boolean }> {
  const there = await streams.info(name).catch(nullIfMissing);
  if (there !== null) return { info: there, isNew: false };
  // Several processes do so at once: who comes second finds it made.
  const failure = await make().then(() => null, String);
  const info = await streams.info(name).catch(nullIfMissing);
  if (info === null) throw new Error(`${name} is not there and cannot be made: ${failure}`);
  return { info, isNew: true };
}

/** A durable consumer, as it is made. */
export type ConsumerMaker = Partial<ConsumerConfig> & { readonly durable_name: string };

/** Makes a consumer that is gone, or that waits for what its stream has lost and gives out nothing before. */
export async function ensureConsumer(
  { consumers, streams }: JetStreamManager,
  stream: string,
  config: ConsumerMaker,
): Promise<{ readonly info: ConsumerInfo; readonly isNew: boolean }> {
  const { durable_name: name } = config;
  const info = await consumers.info(stream, name).catch(nullIfMissing);
  if (info !== null) {
    // In this order: what was delivered a moment ago is in the stream now, unless it was lost.
    const { state } = await streams.info(stream);
    if (info.delivered.stream_seq <= state.last_seq) return { info, isNew: false };
    await consumers.delete(stream, name).catch(nullIfMissing);
  }
  return { info: await consumers.add(stream, config), isNew: true };
}
