import type { IncomingMessage, ServerResponse } from 'node:http';
import { exactJson } from '../exact-json.js';
import { lingerMs } from './limits.js';

/** Nothing that a port answers is kept by a cache, or taken for another type than it says. */
export const ownHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** Answers with a text that is there as a whole. */
export function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { ...ownHeaders, 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** Answers with JSON. BigInts become strings. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json', `${exactJson(value)}\n`);
}

/**
 * Ends a connection whose request still comes after its answer was sent. Closed at once it would be reset,
 * and the answer lost; without an end it would be read for ever.
 */
export function closeBehind(request: IncomingMessage): void {
  if (request.complete) return;
  const timer = setTimeout(() => request.socket.destroy(), lingerMs);
  request.once('close', () => clearTimeout(timer)).resume();
}

/**
 * @param slow is told of a caller that takes nothing for a while, with the bytes that wait; he is cut off
 * @returns waits until what was written is read, or the caller is gone
 */
export function drains(
  response: ServerResponse,
  timeoutMs: number,
  slow: (waitingBytes: number) => void,
): () => Promise<void> {
  return () =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        response.off('drain', end).off('close', end);
        resolve();
      };
      const timer = setTimeout(() => {
        slow(response.writableLength);
        response.socket?.destroy();
        end();
      }, timeoutMs);
      response.on('drain', end).on('close', end);
    });
}
