import type * as grpc from '@grpc/grpc-js';
import { constants, type IncomingHttpHeaders, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

/** What a call is answered in place of being served. */
export interface CallRefusal {
  readonly code: grpc.status;
  readonly details: string;
  readonly metadata?: grpc.Metadata;
}

/** Answers a call by its status alone (Trailers-Only of gRPC over HTTP/2), whatever is still to come of the request. */
export function refuseCall(stream: ServerHttp2Stream, { code, details, metadata }: CallRefusal): void {
  stream.on('error', () => undefined);
  stream.respond(
    {
      [constants.HTTP2_HEADER_STATUS]: 200,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc+proto',
      'grpc-status': code,
      'grpc-message': encodeURI(details),
      ...metadata?.toHttp2Headers(),
    },
    { endStream: true },
  );
  stream.close(constants.NGHTTP2_NO_ERROR);
}

/**
 * Stands before all who listen for the calls of a bound server, grpc-js among them, which makes some thirty
 * objects of a call: they hear only of those that are let in.
 * @param admit is told of each call; false: it has been answered
 */
export function admitCalls(
  server: Http2Server,
  admit: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean,
): void {
  const pass = takeListeners(server, 'stream');
  server.on('stream', (stream, headers, ...rest) => {
    if (admit(stream, headers)) pass(stream, headers, ...rest);
  });
}

/**
 * Stands before all who listen for its connections, TLS and HTTP/2 among them.
 * @param admit is told of each connection; it begins when `begin` is called, then or later
 */
export function admitConnections(server: Http2Server, admit: (socket: Socket, begin: () => void) => void): void {
  const pass = takeListeners(server, 'connection');
  server.on('connection', (socket: Socket) => admit(socket, () => pass(socket)));
}

/** @returns calls those who listened, who hear nothing any more */
function takeListeners(server: Http2Server, event: string): (...args: unknown[]) => void {
  const listeners = server.listeners(event) as ((...args: unknown[]) => void)[];
  server.removeAllListeners(event);
  return (...args) => {
    for (const listener of listeners) listener.call(server, ...args);
  };
}
