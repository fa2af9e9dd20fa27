import type { HostPort } from '../common/options.js';

export type MemberRole = 'lb' | 'master';

/** A process that others may use, and where. */
export interface Member {
  readonly role: MemberRole;
  readonly grpc: HostPort;
  /** Load balancers: where TCP job clients connect. */
  readonly tcp?: HostPort;
}

/** Who is there, by what was heard and when. The clock is passed in. */
export class MemberBook {
  private readonly byKey = new Map<string, { readonly member: Member; heardAtMs: number }>();

  constructor(
    private readonly ttlMs: number,
    private readonly most: number,
  ) {}

  get members(): Member[] {
    return [...this.byKey.values()].map(({ member }) => member);
  }

  /** Null: the member has taken its announcement back, or what it says cannot be read. True: the list has changed. */
  heard(key: string, member: Member | null, nowMs: number): boolean {
    const known = this.byKey.get(key);
    if (member === null) return this.byKey.delete(key);
    if (known !== undefined && JSON.stringify(known.member) === JSON.stringify(member)) {
      known.heardAtMs = nowMs;
      return false;
    }
    if (known === undefined && this.byKey.size >= this.most) return false;
    this.byKey.set(key, { member, heardAtMs: nowMs });
    return true;
  }

  /**
   * Forgets those that were silent for the time to live, which counts from when they could be heard again.
   * @param hearingSinceMs Infinity: nobody can be heard now
   */
  expire(nowMs: number, hearingSinceMs: number): boolean {
    let changed = false;
    for (const [key, { heardAtMs }] of this.byKey) {
      if (nowMs - Math.max(heardAtMs, hearingSinceMs) > this.ttlMs) changed = this.byKey.delete(key) || changed;
    }
    return changed;
  }
}

/** Reads an announcement; null for what is none. Anyone with access to NATS may have written it. */
export function readMember(value: Uint8Array): Member | null {
  try {
    const { role, grpc, tcp } = JSON.parse(Buffer.from(value).toString()) as Partial<Member>;
    if ((role !== 'lb' && role !== 'master') || !isHostPort(grpc)) return null;
    if (tcp !== undefined && !isHostPort(tcp)) return null;
    return { role, grpc: plain(grpc), ...(tcp === undefined ? {} : { tcp: plain(tcp) }) };
  } catch {
    return null;
  }
}

function isHostPort(value: unknown): value is HostPort {
  const { host, port } = (value ?? {}) as Partial<HostPort>;
  return (
    typeof host === 'string' && /^[\w.:%-]{1,255}$/.test(host) && Number.isInteger(port) && port! > 0 && port! < 65_536
  );
}

function plain({ host, port }: HostPort): HostPort {
  return { host, port };
}
