import type { Metadata } from '@grpc/grpc-js';
import type { ListenerTrust } from './listener-trust.js';
import { everyone, nobody, type Caller } from './roles.js';

/** Callers by the metadata of their calls, which no caller can write himself into. */
const known = new WeakMap<Metadata, Caller>();

/** Remembers who makes a call; for the check at its start. */
export function setCaller(metadata: Metadata, caller: Caller): void {
  known.set(metadata, caller);
}

/** Who makes a call, for its handler. */
export function callerOf({ metadata }: { readonly metadata: Metadata }, trust: ListenerTrust | undefined): Caller {
  return known.get(metadata) ?? (trust?.asks === true ? nobody : everyone);
}

/** Name of the credential of a call, for people; undefined where nothing is asked. */
export function credentialOf({ metadata }: { readonly metadata: Metadata }): string | undefined {
  return known.get(metadata)?.name;
}
