import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Logger } from './logging.js';
import { RateLimit } from './rate-limit.js';

/** Descriptors for all but connections: files, listeners, threads, epoll. An idle role has some 30. */
const descriptorsBeside = 128;

/** Time between two looks at the descriptors. */
const lookIntervalMs = 1_000;

/** Share of the limit from which on it is said that descriptors run out. */
const fullShare = 0.9;

/**
 * Most file descriptors that this process may have (RLIMIT_NOFILE, getrlimit(2)); null where nobody says.
 * Node raises the soft limit to the hard one when it starts.
 * @param limits what stands in /proc/self/limits (proc(5))
 */
export function descriptorsMax(limits: string | null = readLimits()): number | null {
  const soft = /^Max open files\s+(\d+|unlimited)\s/m.exec(limits ?? '')?.[1];
  if (soft === undefined) return null;
  return soft === 'unlimited' ? Infinity : Number(soft);
}

function readLimits(): string | null {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return null;
  }
}

/** Warns of a bound on connections that the limit on descriptors does not let be reached, by that bound alone. */
export function warnOfDescriptors(
  connectionsMax: Readonly<Record<string, number>>,
  log: Logger,
  max: number | null = descriptorsMax(),
): void {
  const wanted = Math.max(...Object.values(connectionsMax)) + descriptorsBeside;
  if (max === null || wanted <= max) return;
  log.warn(
    { ...connectionsMax, others: descriptorsBeside, wanted, limit: max },
    'more connections are allowed than this process has file descriptors: raise the limit (ulimit -n, LimitNOFILE) or ' +
      'lower the bound; past it new connections are closed unheard',
  );
}

/**
 * Says when file descriptors run out. Nothing else does: a connection for which there is none is accepted and
 * closed at once by libuv (uv__emfile_trick), and Node emits neither 'error' nor 'drop' for it.
 */
export class DescriptorWatch {
  private readonly rate = new RateLimit(1, 10_000);
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly log: Logger,
    private readonly max: number | null = descriptorsMax(),
    /** The lowest number that is free. @throws an error with `code` when there is none */
    private readonly lowestFree: () => number = takeLowest,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.timer = setInterval(() => this.look(), lookIntervalMs);
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** Opening one file costs some microseconds, while to count the open ones takes longer the more there are. */
  look(): void {
    let number: number;
    try {
      number = this.lowestFree();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EMFILE' && code !== 'ENFILE') return;
      return this.say(code, 'no file descriptor is left: new connections are closed unheard, files cannot be opened');
    }
    if (this.max !== null && number >= this.max * fullShare) this.say('nearly', 'file descriptors run out');
  }

  private say(reason: string, message: string): void {
    const suppressed = this.rate.admit(reason, this.nowMs());
    if (suppressed !== undefined) this.log.error({ reason, limit: this.max, suppressed }, message);
  }
}

function takeLowest(): number {
  const fd = openSync('/dev/null', 'r');
  closeSync(fd);
  return fd;
}
