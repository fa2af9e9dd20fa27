import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** Time for something that a test waits for. */
const waitMsMax = 30_000;

/** A TCP client for tests that collects what it is sent. */
export class LineClient {
  text = '';
  ended = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1');
      socket.emit('progress');
    });
    const end = (): void => {
      this.ended = true;
      socket.emit('progress');
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', () => undefined);
  }

  static async dial(at: { readonly host: string; readonly port: number }): Promise<LineClient> {
    const socket = connect({ ...at, allowHalfOpen: true, noDelay: true });
    const client = new LineClient(socket);
    await once(socket, 'connect');
    return client;
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const signal = AbortSignal.timeout(waitMsMax);
    while (!condition()) {
      await once(this.socket, 'progress', { signal }).catch(() => {
        throw new Error(`${what} did not come within ${waitMsMax} ms; ${this.text.length} characters did`);
      });
    }
  }
}

/**
 * What MINE_BITCOIN or GET_TIME may answer to jobs sent and received between these seconds, by another implementation.
 */
export { minedBy } from '../../src/client/load/answer-check.js';
