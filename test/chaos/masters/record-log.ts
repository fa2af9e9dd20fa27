import { jetstreamManager, jetstream, DiscardPolicy } from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '../../../src/nats/connect.js';
import { natsUrl } from '../../../src/nats/nats-url.js';
import { decodeStored } from '../../../src/ledger/nats/stored-record.js';
import type { RecordVersion } from './checker.js';

/**
 * Run as a process of its own on the clients' host: `record-log.js prepare|read URL`. The masters' bucket is made with
 * all of its history kept, so that every write of every record can be read in its order at the end of a run.
 * `record-log.js remove URL STREAM` takes a stream from under the masters.
 */
const stream = 'KV_trireme_analyses';
const subjects = '$KV.trireme_analyses.';
const replicasMax = 3;
const keptMs = 86_400_000;
const attemptsMax = 60;
const againMs = 500;

async function prepare(nats: NatsConnection, servers: number): Promise<void> {
  const manager = await jetstreamManager(nats);
  await manager.streams.add({
    name: stream,
    subjects: [`${subjects}>`],
    max_msgs_per_subject: -1,
    discard: DiscardPolicy.New,
    allow_rollup_hdrs: true,
    deny_delete: true,
    allow_direct: true,
    max_age: nanos(keptMs),
    num_replicas: Math.min(replicasMax, servers),
  });
}

async function read(nats: NatsConnection): Promise<RecordVersion[]> {
  const { state } = await (await jetstreamManager(nats)).streams.info(stream);
  const versions: RecordVersion[] = [];
  if (state.messages > 0) {
    const consumer = await jetstream(nats).consumers.get(stream);
    for await (const message of await consumer.consume()) {
      const stored = decodeStored(message.data);
      if (stored !== null) {
        const { record, chunks, resultObject } = stored;
        versions.push({
          ...{ id: record.id, state: record.state, attempt: record.attempts, holder: record.holder },
          ...{ chunks: [...chunks], result: resultObject },
          atMs: message.info.timestampNanos / 1e6,
        });
      }
      if (message.info.pending === 0) break;
    }
  }
  return versions;
}

async function main([what, url, name]: readonly string[]): Promise<void> {
  const settings = natsUrl(url);
  for (let attempt = 1; ; attempt++) {
    const nats = await connectNats(settings, 'chaos');
    try {
      if (what === 'remove') await (await jetstreamManager(nats)).streams.delete(name);
      else if (what === 'prepare') await prepare(nats, settings.servers.length);
      else process.stdout.write(JSON.stringify(await read(nats)));
      return;
    } catch (error) {
      // A cluster that has just begun has no leader yet.
      if (attempt === attemptsMax) throw error;
      await new Promise((resolve) => setTimeout(resolve, againMs));
    } finally {
      await nats.close();
    }
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`record log: ${String(error)}\n`);
  process.exit(1);
});
