import type * as grpc from '@grpc/grpc-js';
import protobuf from 'protobufjs';

/** As google/rpc/status.proto, google/rpc/error_details.proto and google/protobuf have them. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
  message RetryInfo { Duration retry_delay = 1; }
`);

export interface StatusTold {
  readonly code: number;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What the trailer of an error says, by the type of each detail; null: it has none. */
export function statusTold(metadata: grpc.Metadata): StatusTold | null {
  const [bytes] = metadata.get('grpc-status-details-bin');
  if (bytes === undefined) return null;
  const object = (type: string, value: Uint8Array): Record<string, unknown> => {
    const found = root.lookupType(type);
    return found.toObject(found.decode(value), { longs: Number, defaults: true, keepCase: true } as object);
  };
  const { code, message, details } = object('Status', bytes as Buffer) as unknown as {
    code: number;
    message: string;
    details: { typeUrl: string; value: Uint8Array }[];
  };
  return {
    code,
    message,
    details: Object.fromEntries(
      details.map(({ typeUrl, value }) => {
        const [, type] = /^type\.googleapis\.com\/google\.rpc\.(\w+)$/.exec(typeUrl) ?? [];
        return [type, object(type, value)];
      }),
    ),
  };
}
