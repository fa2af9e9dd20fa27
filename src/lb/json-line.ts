import { TriremeError } from '../common/errors.js';
import { traceparentOf } from '../common/tracing.js';

/** First byte of a client that speaks JSON lines: no digit, no delimiter and no number of a kind. */
export const jsonFirstByte = 0x7b;

/** Milliseconds of the longest time-out, a day: more is a mistake, such as microseconds. */
const timeoutMsMax = 86_400_000;

/** Characters of the longest id: it comes back with the answer. */
const idLengthMax = 256;

/** The client's own name of a job, as it wrote it. */
export type JsonId = string | number;

/** What a line asks. */
export type JsonRequest =
  | { readonly cancel: JsonId }
  | {
      readonly id: JsonId;
      /** One of the two is said: 0 and '' are not. */
      readonly kind: number;
      readonly name: string;
      /** Of the kind; empty: the newest, or as its name says. */
      readonly version: string;
      readonly payload: Buffer | null;
      /** 0: none. */
      readonly timeoutSeconds: number;
      /** Trace context; empty: none, or one that is not well-formed. */
      readonly traceparent: string;
    };

const fields = new Set(['id', 'kind', 'version', 'payload', 'payloadBase64', 'timeoutMs', 'traceparent', 'cancel']);

/**
 * Reads a line. @throws TriremeError USAGE with what is wrong, and the `id` of the line, where it has one, as its cause
 */
export function parseJsonLine(line: string): JsonRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new TriremeError('USAGE', `a line is no JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TriremeError('USAGE', 'a line is no JSON object such as {"id":1,"kind":"GET_TIME"}');
  const said = value as Record<string, unknown>;
  const { id, kind, version, payload, payloadBase64, timeoutMs, traceparent, cancel } = said;
  const wrong = (what: string): TriremeError =>
    new TriremeError('USAGE', what, { cause: isId(id) ? { id } : undefined });
  const strange = Object.keys(said).find((field) => !fields.has(field));
  if (strange !== undefined)
    throw wrong(`a line has the field ${JSON.stringify(strange)}, which is none of ${[...fields].join(', ')}`);
  if (cancel !== undefined) {
    if (!isId(cancel)) throw wrong('cancel is not the id of a job');
    return { cancel };
  }
  if (!isId(id)) throw wrong(`id is neither a number nor a text of at most ${idLengthMax} characters`);
  if (typeof kind !== 'string' && !(typeof kind === 'number' && Number.isInteger(kind)))
    throw wrong('kind is neither the name nor the number of a kind');
  if (version !== undefined && typeof version !== 'string') throw wrong('version is no text: quote it');
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= timeoutMsMax))
    throw wrong(`timeoutMs ${JSON.stringify(timeoutMs)} is not above 0 and at most ${timeoutMsMax}`);
  if (traceparent !== undefined && typeof traceparent !== 'string') throw wrong('traceparent is no text: quote it');
  if (payload !== undefined && payloadBase64 !== undefined) throw wrong('payload and payloadBase64 are both there');
  return {
    id,
    kind: typeof kind === 'number' ? kind : 0,
    name: typeof kind === 'string' ? kind : '',
    version: version ?? '',
    payload: payloadOf(payload, payloadBase64, wrong),
    timeoutSeconds: timeoutMs === undefined ? 0 : timeoutMs / 1000,
    traceparent: traceparentOf(traceparent),
  };
}

function payloadOf(text: unknown, base64: unknown, wrong: (what: string) => TriremeError): Buffer | null {
  if (text !== undefined) {
    if (typeof text !== 'string') throw wrong('payload is no text; bytes go into payloadBase64');
    return text === '' ? null : Buffer.from(text);
  }
  if (base64 === undefined) return null;
  if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw wrong('payloadBase64 is no base64');
  return base64 === '' ? null : Buffer.from(base64, 'base64');
}

function isId(id: unknown): id is JsonId {
  return typeof id === 'string' ? id.length <= idLengthMax : typeof id === 'number';
}

/** The line of an answer. */
export function answerLine(id: JsonId, answer: Buffer, text: boolean): string {
  const said = text ? { id, result: answer.toString('utf8') } : { id, resultBase64: answer.toString('base64') };
  return `${JSON.stringify(said)}\n`;
}

/** The line of an error. @param id undefined: it is about no job */
export function errorLine(id: JsonId | undefined, { code, message }: TriremeError): string {
  return `${JSON.stringify({ id, error: { code, message } })}\n`;
}
