import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';

/** An HTTP/2 client below any gRPC library: it does what none of them would, and sees each GOAWAY. */
export class RawCaller {
  readonly session: ClientHttp2Session;
  /** Each GOAWAY as it came: error code and debug data. */
  readonly goaways: { code: number; said: string }[] = [];
  readonly closed: Promise<void>;

  constructor(target: string, options: { initialWindowSize?: number } = {}) {
    this.session = connectHttp2(`http://${target}`, {
      settings: { initialWindowSize: 65_535, ...options },
      maxOutstandingPings: 1_000_000,
    });
    this.session.on('error', () => undefined);
    this.session.on('goaway', (code, _last, data) =>
      this.goaways.push({ code, said: Buffer.from(data ?? []).toString() }),
    );
    this.closed = new Promise((resolve) => void this.session.once('close', () => resolve()));
  }

  /** Opens a call. The request is not ended. */
  call(path: string, headers: Record<string, string> = {}): ReturnType<ClientHttp2Session['request']> {
    const stream = this.session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    stream.on('error', () => undefined);
    return stream;
  }

  /** Sends a PING if the connection stands; resolves with its answer, or when there will be none. */
  ping(): Promise<void> {
    return new Promise((resolve) => {
      if (this.session.destroyed || !this.session.ping(() => resolve())) resolve();
    });
  }

  close(): void {
    this.session.destroy();
  }
}

/** A gRPC message without a field: not compressed, no bytes. */
export const emptyMessage = Buffer.alloc(5);
