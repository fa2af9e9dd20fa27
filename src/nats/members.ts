import { randomUUID } from 'node:crypto';
import { Kvm, type KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { atMost } from '../common/stuck-work.js';
import type { Logger } from '../common/logging.js';
import { connectNats, watchNats } from './connect.js';
import { MemberBook, readMember, type Member, type MemberRole } from './member-book.js';
import { natsName, type NatsSettings } from './nats-url.js';

/** A member announces itself this often. */
export const announceMs = 1_000;

/** A member that was not heard of for so long is gone: three announcements may be lost on the way. */
export const memberTtlMs = 4_000;

if (memberTtlMs < 3 * announceMs) throw new Error('a member may miss two announcements before it is gone');

/** Members of one name space: more are a mistake, and each costs a worker a stream. */
const membersMax = 1_024;

/** Servers of a cluster that keep what must survive one of them: an odd number, of which two agree. */
const replicasMax = 3;

// This module brings the NATS client: it is loaded late, by import(), only where NATS is used.

/** Bucket of the members. Its entries end by themselves when their members fall silent. */
const bucket = 'trireme-members';

/** Announces this process until ended. NATS may come and go: the role serves those who found it all the same. */
export function announce(settings: NatsSettings, member: Member, log: Logger): { end(): Promise<void> } {
  const key = `${member.role}.${randomUUID()}`;
  const value = JSON.stringify(member);
  let nats: NatsConnection | null = null;
  let timer: NodeJS.Timeout | null = null;
  let kv: KV | null = null;
  let ended = false;
  /** Null: nothing was tried yet. */
  let failing: boolean | null = null;
  const put = async (): Promise<void> => {
    try {
      nats ??= await connected(settings, `trireme ${member.role}`, log);
      if (ended) return await nats.close();
      kv ??= await openBucket(nats);
      await kv.put(key, value);
      if (failing !== false) log.info({ nats: natsName(settings), ...member }, 'announced');
      failing = false;
    } catch (error) {
      if (failing !== true && !ended) {
        log.warn({ reason: (error as Error).message }, 'not announced; trying again for ever');
      }
      failing = true;
      // The bucket may be gone with the disk of its server: it is made anew.
      kv = null;
    }
    if (!ended) timer = setTimeout(() => void put(), announceMs);
  };
  void put();
  return {
    end: async () => {
      ended = true;
      if (timer !== null) clearTimeout(timer);
      if (kv !== null) await takeLeave(kv.delete(key));
      if (nats !== null) await takeLeave(nats.close());
    },
  };
}

/**
 * Watches who is announced in a role; null: in any. `onChange` hears the whole list, in no order, whenever it
 * changes. While the members cannot be heard nobody is dropped.
 */
export function watchMembers(
  settings: NatsSettings,
  role: MemberRole | null,
  onChange: (members: readonly Member[]) => void,
  log: Logger,
): { close(): Promise<void> } {
  const book = new MemberBook(memberTtlMs, membersMax);
  let nats: NatsConnection | null = null;
  let kv: KV | null = null;
  let entries: Awaited<ReturnType<KV['watch']>> | null = null;
  let hearingSinceMs = Infinity;
  /** It was said that the members cannot be read. */
  let toldOfTrouble = false;
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  const tell = (changed: boolean): void => {
    if (changed && !closed) onChange(book.members.filter((member) => role === null || member.role === role));
  };
  async function listen(watched: NonNullable<typeof entries>): Promise<void> {
    for await (const { key, operation, value } of watched) {
      tell(book.heard(key, operation === 'PUT' ? readMember(value) : null, performance.now()));
    }
  }
  async function look(): Promise<void> {
    try {
      nats ??= await connected(settings, 'trireme discovery', log);
      if (closed) return await nats.close();
      kv ??= await openBucket(nats);
      // Answered only while the bucket can be read: an open connection alone says nothing of it.
      await kv.status();
      if (entries === null) {
        entries = await kv.watch();
        void listen(entries).catch((error: Error) => log.debug({ reason: error.message }, 'watch ended'));
      }
      toldOfTrouble = false;
      if (hearingSinceMs === Infinity) hearingSinceMs = performance.now();
      tell(book.expire(performance.now(), hearingSinceMs));
    } catch (error) {
      if (!toldOfTrouble && !closed) log.warn({ reason: (error as Error).message }, 'the members cannot be read');
      toldOfTrouble = true;
      hearingSinceMs = Infinity;
      entries?.stop();
      entries = kv = null;
    }
    if (!closed) timer = setTimeout(() => void look(), announceMs / 2);
  }
  void look();
  return {
    close: async () => {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      entries?.stop();
      if (nats !== null) await takeLeave(nats.close());
    },
  };
}

/** The members of a role that are there now, for a command that asks once. Throws UNREACHABLE. */
export async function findMembers(settings: NatsSettings, role: MemberRole): Promise<readonly Member[]> {
  const nats = await connectNats(settings, 'trireme client');
  try {
    const kv = await openBucket(nats);
    const found: Member[] = [];
    for await (const key of await kv.keys(`${role}.*`)) {
      const entry = await kv.get(key);
      const member = entry?.operation === 'PUT' ? readMember(entry.value) : null;
      if (member?.role === role && found.length < membersMax) found.push(member);
    }
    return found;
  } finally {
    await nats.close();
  }
}

async function connected(settings: NatsSettings, name: string, log: Logger): Promise<NatsConnection> {
  const nats = await connectNats(settings, name);
  watchNats(nats, log);
  return nats;
}

/** Opens the bucket, or makes it: on as many servers of a cluster as there are, at most replicasMax. */
async function openBucket(nats: NatsConnection): Promise<KV> {
  const make = (replicas: number): Promise<KV> =>
    new Kvm(nats).create(bucket, { history: 1, ttl: memberTtlMs, replicas });
  // A server alone refuses replicas; so does a bucket that was made by one.
  return make(replicasMax).catch(() => make(1));
}

/** Waits for what may hang or fail while NATS is away. */
async function takeLeave(work: Promise<unknown>): Promise<void> {
  await atMost(
    announceMs,
    work.catch(() => undefined),
  );
}
