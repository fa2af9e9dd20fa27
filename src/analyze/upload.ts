import { once } from 'node:events';
import type { Uploaded } from './master-join.js';
import type { CaptureServiceClient, FileIdentity } from '../gen/trireme/v1/capture.js';

/** Bytes in one message of an upload. */
const messageDataBytes = 256 * 1024;

/** A master ends an upload of which nothing comes for 30 s; a pipe may well be idle for longer. */
const aliveIntervalMs = 10_000;

/** Streams a file to the master's spool, as fast as the master takes it, and answers with its path there. */
export async function upload(
  client: CaptureServiceClient,
  file: Uploaded,
  identity: FileIdentity | undefined,
  onBytes: (bytesDone: number) => void,
): Promise<string> {
  let ended = false;
  let alive: NodeJS.Timeout | undefined;
  let fail: (error: unknown) => void = () => undefined;
  let call: ReturnType<CaptureServiceClient['upload']>;
  const answer = new Promise<string>((resolve, reject) => {
    fail = reject;
    call = client.upload((error, response) => {
      ended = true;
      if (error === null) resolve(response.path);
      else reject(error);
    });
    // The callback above says the same, in the words of the master.
    call.on('error', () => undefined);
  });
  // Heard below; until then a refusal must not count as unhandled.
  answer.catch(() => undefined);
  const send = async (part: Parameters<typeof call.write>[0]['part']): Promise<void> => {
    if (!call.write({ part })) await Promise.race([once(call, 'drain'), answer]);
  };
  try {
    await send({ $case: 'header', value: { name: file.name, identity } });
    let done = 0;
    alive = setInterval(() => {
      if (call.writableLength === 0) call.write({ part: { $case: 'data', value: Buffer.alloc(0) } });
    }, aliveIntervalMs);
    for await (const bytes of file.stream()) {
      if (ended) break;
      for (let at = 0; at < bytes.length; at += messageDataBytes) {
        await send({ $case: 'data', value: Buffer.from(bytes.subarray(at, at + messageDataBytes)) });
      }
      done += bytes.length;
      onBytes(done);
    }
    // What was appended meanwhile was not sent.
    file.hasGrown();
    call!.end();
  } catch (error) {
    call!.cancel();
    fail(error);
  } finally {
    clearInterval(alive);
  }
  return answer;
}
