import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A file that the server holds. Replaced by setting another one under its path. */
export interface Served {
  bytes: Uint8Array;
  etag?: string;
  lastModified?: string;
}

/** An object store in small: HTTP ranges, validators, presigned queries, and the ways in which such a server fails. */
export class RangeServer {
  readonly files = new Map<string, Served>();
  /** `path?query`, range and conditions of each request, in order. */
  readonly requests: { readonly path: string; readonly query: string; readonly headers: IncomingMessage['headers'] }[] =
    [];
  /** Where paths are redirected to. */
  readonly redirects = new Map<string, string>();
  ranges = true;
  /** Connections that were made so far. */
  connections = 0;
  /** When set, requests without this query are refused, as a store refuses what is not signed. */
  signature: string | null = null;
  /** The connection of each answer breaks after so many bytes, for so many answers. */
  breaks = { afterBytes: 0, times: 0 };
  /** Answers before the next good one, each with this status. */
  failures = { status: 503, times: 0 };
  /** Ranges that begin from this byte on wait for `release`: the reading of a capture stands still there. */
  heldFrom = Infinity;
  private readonly held: (() => void)[] = [];
  /** Called before each answer: to replace a file in the middle, say. */
  onRequest: (count: number) => void = () => undefined;

  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  static async start(): Promise<RangeServer> {
    const server = createServer((request, response) => served.answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const served = new RangeServer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('connection', () => served.connections++);
    return served;
  }

  url(path: string): string {
    return this.origin + path;
  }

  release(): void {
    this.heldFrom = Infinity;
    for (const answer of this.held.splice(0)) answer();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname: path, search: query } = new URL(request.url ?? '/', this.origin);
    this.requests.push({ path, query, headers: request.headers });
    this.onRequest(this.requests.length);
    const end = (status: number, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-length': '0', ...headers });
      response.end();
    };
    if (this.failures.times > 0) {
      this.failures.times--;
      return end(this.failures.status);
    }
    // Signed for GET: a store answers HEAD with 403.
    if (request.method !== 'GET') return end(403);
    const target = this.redirects.get(path);
    if (target !== undefined) return end(302, { location: target });
    if (this.signature !== null && query !== this.signature) return end(403);
    const file = this.files.get(path);
    if (file === undefined) return end(404);
    const { 'if-match': wanted, 'if-unmodified-since': since, range } = request.headers;
    if (wanted !== undefined && wanted !== file.etag) return end(412);
    if (since !== undefined && since !== file.lastModified) return end(412);
    const told: Record<string, string> = {
      ...(file.etag === undefined ? {} : { etag: file.etag }),
      ...(file.lastModified === undefined ? {} : { 'last-modified': file.lastModified }),
    };
    const size = file.bytes.length;
    const asked = this.ranges ? /^bytes=(\d+)-(\d+)$/.exec(range ?? '') : null;
    if (asked === null) return this.send(response, 200, told, file.bytes);
    const start = Number(asked[1]);
    const stop = Math.min(Number(asked[2]) + 1, size);
    if (start >= size) return end(416, { ...told, 'content-range': `bytes */${size}` });
    told['content-range'] = `bytes ${start}-${stop - 1}/${size}`;
    const send = (): void => this.send(response, 206, told, file.bytes.subarray(start, stop));
    if (start < this.heldFrom) send();
    else this.held.push(send);
  }

  private send(response: ServerResponse, status: number, headers: Record<string, string>, body: Uint8Array): void {
    response.writeHead(status, { ...headers, 'content-length': String(body.length) });
    if (this.breaks.times > 0 && body.length > this.breaks.afterBytes) {
      this.breaks.times--;
      response.write(body.subarray(0, this.breaks.afterBytes), () => response.destroy());
      return;
    }
    response.end(body);
  }
}
