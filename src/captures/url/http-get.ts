import type { Readable } from 'node:stream';
import { STATUS_CODES } from 'node:http';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Agent, request } from 'undici';
import { TriremeError } from '../../common/errors.js';
import { extraAuthorities } from '../../common/trust/tls-material.js';
import { shownName } from '../file/capture-name.js';
import { answerMsMax } from './patience.js';
import type { Headers } from './url-identity.js';
import { doubtNote, type UrlPrefix } from './url-prefix.js';

/** Time for the TCP and TLS handshakes of one connection. */
const connectMsMax = 10_000;
/** Redirects followed for one request: enough for a store that moves its buckets, too few to go in circles. */
const redirectsMax = 5;
/** Connections to one server from one process: the slots of a large worker, with one request ahead for each. */
const connectionsMax = 256;

/** An answer whose body is read, or destroyed. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readable;
}

/** A failure that may pass: of the way to the server, or one that the server calls temporary. */
export class PassingFailure extends Error {}

const redirects = new Set([301, 302, 303, 307, 308]);
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

let agent: Agent | undefined;

/** Connections are kept for the next range; they hold up no process that has nothing else to do. */
function connections(): Agent {
  return (agent ??= new Agent({
    connections: connectionsMax,
    connect: { timeout: connectMsMax, ...trusted() },
    headersTimeout: answerMsMax,
    bodyTimeout: answerMsMax,
  }));
}

/** One context for all connections: each would parse the certificates anew. */
function trusted(): { secureContext?: SecureContext } {
  const ca = extraAuthorities();
  return ca === undefined ? {} : { secureContext: createSecureContext({ ca }) };
}

/**
 * GET, with redirects followed inside the prefix (null: anywhere, but never from https to http). A presigned URL is
 * signed for GET, so nothing here asks HEAD. Answers with any status below 500 but those that may pass.
 * Throws PassingFailure, or TriremeError for what will not pass.
 */
export async function httpGet(
  url: URL,
  prefix: UrlPrefix | null,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Answer> {
  const shown = shownName(url.href);
  let at = url;
  for (let hops = 0; ; hops++) {
    const answer = await ask(at, headers, signal);
    const location = answer.headers.location;
    if (!redirects.has(answer.status) || typeof location !== 'string') return answer;
    discard(answer);
    if (hops === redirectsMax) {
      throw new TriremeError('FILE_UNREADABLE', `${shown}: redirected more than ${redirectsMax} times`);
    }
    at = followed(shown, at, location, prefix);
  }
}

/** Lets go of a body that nobody reads. */
export function discard({ body }: Answer): void {
  body.on('error', () => undefined);
  body.destroy();
}

/** `404 Not Found`. */
export function statusText(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();
}

/**
 * What a failure of the connection or of a body means: PassingFailure, or an error with words about what will not pass.
 * Errors of ours and aborts stay what they are.
 */
export function failureOf(caught: unknown): Error {
  const { name, code, message, cause } = caught as NodeJS.ErrnoException;
  if (name === 'AbortError' || caught instanceof TriremeError || caught instanceof PassingFailure)
    return caught as Error;
  const certificate = /CERT|SIGNATURE|ALTNAME|SSL|TLS/.test(code ?? '');
  if (certificate) return new Error(`its certificate is refused: ${message || code}`, { cause: caught });
  return new PassingFailure(reasons[code ?? ''] ?? (message || code || 'the connection failed'), { cause });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its host cannot be looked up',
  UND_ERR_CONNECT_TIMEOUT: `no connection within ${connectMsMax / 1000} s`,
  UND_ERR_HEADERS_TIMEOUT: `no answer within ${answerMsMax / 1000} s`,
  UND_ERR_BODY_TIMEOUT: `no byte for ${answerMsMax / 1000} s`,
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer was cut short',
};

async function ask(url: URL, headers: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Answer> {
  let answer: Answer;
  try {
    const {
      statusCode,
      headers: told,
      body,
    } = await request(url, {
      dispatcher: connections(),
      signal,
      // The bytes as they are stored: ranges of bytes packed on the way would be ranges of something else.
      headers: { 'accept-encoding': 'identity', 'user-agent': 'trireme', ...headers },
    });
    answer = { status: statusCode, headers: told, body };
  } catch (error) {
    throw failureOf(error);
  }
  if (!passing.has(answer.status)) return answer;
  discard(answer);
  throw new PassingFailure(`the server answers ${statusText(answer.status)}`);
}

function followed(shown: string, from: URL, location: string, prefix: UrlPrefix | null): URL {
  const refuse = (why: string): TriremeError => new TriremeError('PATH_REFUSED', `${shown}: redirected to ${why}`);
  let to: URL;
  try {
    to = new URL(location, from);
  } catch {
    throw refuse('what is no URL');
  }
  const target = shownName(to.href);
  if (to.protocol !== 'https:' && to.protocol !== from.protocol) throw refuse(`${target}, which is not encrypted`);
  if (to.username !== '' || to.password !== '') throw refuse(`${target} with a user, which is not used`);
  if (prefix !== null && !prefix.allows(to))
    throw refuse(`${target}, which is not below --allow-url ${prefix.text}${doubtNote(to)}`);
  return to;
}
