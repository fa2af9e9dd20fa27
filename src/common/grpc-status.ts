import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import * as grpc from '@grpc/grpc-js';
import { TriremeError, type ErrorFacts } from './errors.js';

/** Key of the trailer in which gRPC carries a google.rpc.Status. */
export const statusDetailsKey = 'grpc-status-details-bin';

/** Who says `reason`: with it the code is one of this project's. */
export const errorDomain = 'trireme';

/** When to ask again, where an error does not know better: by then a lost worker's jobs are with others. */
const retrySecondsDefault = 1;

/**
 * A longer message goes without details, which repeat it: clients in C refuse trailers of more than 8 KiB,
 * and each byte of the message may take three there already.
 */
export const detailedMessageMax = 2_048;

/** Length of one fact: a name that a caller made up may be long. */
const factLengthMax = 256;

/** What a gRPC handler answers with. */
export interface StatusAnswer {
  readonly code: grpc.status;
  readonly details: string;
  readonly metadata: grpc.Metadata;
}

/**
 * Our error as a status. The message keeps our code in front; a google.rpc.ErrorInfo has the code, the value
 * and the bound, and a google.rpc.RetryInfo stands beside it where asking again can help.
 */
export function toStatus(caught: unknown): StatusAnswer {
  const error = TriremeError.from(caught);
  const code = grpc.status[error.kind.grpc as keyof typeof grpc.status];
  const details = `${error.code}: ${error.message}`;
  const metadata = new grpc.Metadata();
  if (details.length <= detailedMessageMax) metadata.set(statusDetailsKey, statusBytes(code, details, error));
  return { code, details, metadata };
}

// google/rpc/status.proto and error_details.proto, as far as they are needed: four messages of some fields,
// whose numbers never change.

function statusBytes(code: number, message: string, error: TriremeError): Buffer {
  const status = new BinaryWriter();
  status.uint32(8).int32(code);
  status.uint32(18).string(message);
  const any = (type: string, write: (into: BinaryWriter) => void): void => {
    status.uint32(26).fork();
    status.uint32(10).string(`type.googleapis.com/google.rpc.${type}`);
    write(status.uint32(18).fork());
    status.join().join();
  };
  any('ErrorInfo', (info) => {
    info.uint32(10).string(error.code);
    info.uint32(18).string(errorDomain);
    const { value, bound, boundName } = error.facts;
    for (const [key, fact] of Object.entries({ value, bound, boundName })) {
      if (fact === undefined) continue;
      info.uint32(26).fork();
      info.uint32(10).string(key);
      info.uint32(18).string(String(fact).slice(0, factLengthMax)).join();
    }
  });
  if (error.kind.retry)
    any('RetryInfo', (info) => {
      const seconds = Math.max(0, error.facts.retrySeconds ?? retrySecondsDefault);
      info.uint32(10).fork();
      info.uint32(8).int64(Math.floor(seconds));
      info.uint32(16).int32(Math.floor((seconds % 1) * 1e9));
      info.join();
    });
  return Buffer.from(status.finish());
}

/** A detail of an error as Connect has it: the message by its name, and the same to be read by people. */
export interface ErrorDetail {
  readonly type: string;
  readonly value: Uint8Array<ArrayBuffer>;
  readonly debug?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

/** The details of a status that toStatus made; none where they were left out. */
export function errorDetailsOf(metadata: grpc.Metadata): ErrorDetail[] {
  const [bytes] = metadata.get(statusDetailsKey);
  if (!Buffer.isBuffer(bytes)) return [];
  return fieldsOf(bytes)
    .all(3)
    .map(fieldsOf)
    .map((any) => {
      const type = any.text(1).replace(/^.*\//, '');
      const value = Uint8Array.from(any.all(2)[0] ?? []);
      return { type, value, debug: debugOf(type, fieldsOf(value)) };
    });
}

function debugOf(type: string, fields: Fields): ErrorDetail['debug'] {
  if (type === 'google.rpc.ErrorInfo') {
    const entries = fields.all(3).map(fieldsOf);
    const metadata = Object.fromEntries(entries.map((entry) => [entry.text(1), entry.text(2)]));
    return { reason: fields.text(1), domain: fields.text(2), metadata };
  }
  if (type !== 'google.rpc.RetryInfo') return undefined;
  return { retryDelay: `${secondsOf(fields)}s` };
}

/** The facts of an error that came over gRPC: what toStatus wrote, or nothing. */
export function factsOf(metadata: grpc.Metadata): ErrorFacts {
  const [bytes] = metadata.get(statusDetailsKey);
  if (!Buffer.isBuffer(bytes)) return {};
  try {
    return readFacts(bytes);
  } catch {
    // Another's trailer, or what a proxy left of one: the message says all of it in words.
    return {};
  }
}

function readFacts(bytes: Uint8Array): ErrorFacts {
  const facts: Record<string, number | string> = {};
  for (const any of fieldsOf(bytes).all(3)) {
    const detail = fieldsOf(any);
    const type = detail.text(1);
    const inside = fieldsOf(detail.all(2)[0] ?? new Uint8Array());
    if (type.endsWith('/google.rpc.ErrorInfo'))
      for (const entry of inside.all(3).map(fieldsOf)) {
        const [key, text] = [entry.text(1), entry.text(2)];
        if (['value', 'bound', 'boundName'].includes(key))
          facts[key] = String(Number(text)) === text ? Number(text) : text;
      }
    if (type.endsWith('/google.rpc.RetryInfo')) {
      facts.retrySeconds = secondsOf(inside);
    }
  }
  return facts;
}

/** Seconds of a google.rpc.RetryInfo. */
function secondsOf(retry: Fields): number {
  const delay = fieldsOf(retry.all(1)[0] ?? new Uint8Array());
  return delay.number(1) + delay.number(2) / 1e9;
}

interface Fields {
  all(field: number): Uint8Array[];
  text(field: number): string;
  number(field: number): number;
}

/** The fields of one message, by number: those with bytes, and whole numbers. */
function fieldsOf(bytes: Uint8Array): Fields {
  const found = new Map<number, Uint8Array[]>();
  const numbers = new Map<number, number>();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === WireType.LengthDelimited) {
      if (!found.has(field)) found.set(field, []);
      found.get(field)?.push(reader.bytes());
    } else if (type === WireType.Varint) numbers.set(field, Number(reader.int64()));
    else reader.skip(type);
  }
  const all = (field: number): Uint8Array[] => found.get(field) ?? [];
  return {
    all,
    text: (field) => Buffer.from(all(field)[0] ?? []).toString(),
    number: (field) => numbers.get(field) ?? 0,
  };
}
