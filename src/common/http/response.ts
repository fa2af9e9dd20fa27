import { cors } from '@connectrpc/connect';
import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { drains, ownHeaders } from './answers.js';
import { writtenPieceBytes } from './limits.js';

/** Content types of the protocols that are spoken, with or without a character set. */
export const contentTypes = /^application\/(json|proto|connect\+(json|proto)|grpc-web(\+(json|proto))?)(\s*;.*)?$/i;

/** What a refusal of Connect's own says, which comes with a status alone. */
const refusals: Readonly<Record<number, string>> = {
  415: 'the content-type is not one of this method: application/json is for one message, application/connect+json for streams',
};

/** Answers with an error as Connect writes it (application/json: code and message). */
export function sendRefusal(response: ServerResponse, status: number, code: string, message: string): void {
  const body = Buffer.from(JSON.stringify({ code, message }));
  const type = { 'content-type': 'application/json', 'content-length': body.length };
  response.writeHead(status, { ...ownHeaders, ...type });
  response.end(body);
}

/**
 * Sends what a handler answers, as fast as it is read. A caller that takes nothing for a while is cut off.
 * @param slow is told of it, with the bytes that wait
 */
export async function sendResponse(
  response: ServerResponse,
  { status, header, body }: UniversalServerResponse,
  readerTimeoutMs: number,
  slow: (waitingBytes: number) => void,
): Promise<void> {
  const begin = (): void => {
    for (const [name, value] of new Headers(header)) response.setHeader(name, value);
    for (const [name, value] of Object.entries(ownHeaders)) response.setHeader(name, value);
    response.writeHead(status);
  };
  if (body === undefined) {
    const message = refusals[status];
    if (message !== undefined) return sendRefusal(response, status, 'unimplemented', message);
    begin();
    response.end();
    return;
  }
  const drained = drains(response, readerTimeoutMs, slow);
  // Headers go with the first piece: until then the handler may set some.
  for await (const piece of body) {
    if (!response.headersSent) begin();
    for (let at = 0; at < piece.length; at += writtenPieceBytes) {
      if (response.destroyed) return;
      if (!response.write(piece.subarray(at, at + writtenPieceBytes))) await drained();
    }
  }
  if (!response.headersSent) begin();
  response.end();
}

/** Time that a browser may go by a preflight, in seconds: the longest that Chromium takes. */
const preflightSeconds = 7_200;

/** Lets the page of a listed origin read the answer. Cookies are none of it: callers send their token. */
export function allowOrigin(response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', [...cors.exposedHeaders, 'www-authenticate'].join(', '));
  response.setHeader('vary', 'origin');
}

/** What browsers ask before they send the call of a page (Fetch, CORS preflight). */
export function answerPreflight({ headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader('allow', 'POST, OPTIONS');
  if (headers.origin !== undefined) {
    response.setHeader('access-control-allow-methods', 'POST');
    response.setHeader('access-control-allow-headers', [...cors.allowedHeaders, 'Authorization'].join(', '));
    response.setHeader('access-control-max-age', preflightSeconds);
  }
  response.writeHead(204).end();
}
