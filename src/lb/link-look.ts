import { spawn, type ChildProcess } from 'node:child_process';
import type { Logger } from '../common/logging.js';
import { parseLinks, type LinkFacts } from './link-facts.js';

/** Time between two looks, at least. */
const lookIntervalMs = 5;

/** A look may take this part of the time: with many connections each takes longer. */
const busyShareMax = 1 / 3;

/** Time for one look. It takes 3 ms; a machine that is so busy gets the time of a few heartbeats. */
const lookTimeoutMs = 5_000;

/** Starts of the program that looks, at most: where it cannot work, it fails each time. */
const startsMax = 3;

/** Prints what ss knows of the connections of one port whenever it is sent a line, and its exit code behind them. */
const script =
  'while read -r _; do ss -tinOH state established state close-wait "( sport = :$1 )" 2>/dev/null; echo "end $?"; done';

/** Who waits for a look. */
export interface LinkWaiter {
  /** Key of its connection; see linkKey. */
  readonly linkKey: string;
  lookBegins(): void;
  /** undefined: nothing can be known of this connection. */
  looked(facts: LinkFacts | undefined): void;
}

/**
 * Looks at the links of the connections of one port, for all that ask at once. TCP_INFO cannot be had from Node, so ss
 * of iproute2 is asked; a shell that stays starts it, so that this process need not fork.
 */
export class LinkLook {
  private readonly waiters = new Set<LinkWaiter>();
  private looking: LinkWaiter[] | undefined;
  private child: ChildProcess | undefined;
  private starts = 0;
  private timer: NodeJS.Timeout | undefined;
  private dueMs = Infinity;
  private nextMs = 0;
  private timeout: NodeJS.Timeout | undefined;
  private text = '';
  private beganMs = 0;
  private closed = false;
  private said = false;

  constructor(
    private readonly port: () => number,
    private readonly log: Logger,
    private readonly program = ['sh', '-c', script, 'sh'],
  ) {}

  /** Calls back with what is known of a connection, by a look that begins in `ms` at the earliest. */
  want(waiter: LinkWaiter, ms: number): void {
    this.waiters.add(waiter);
    const dueMs = performance.now() + ms;
    if (dueMs >= this.dueMs) return;
    this.dueMs = dueMs;
    this.schedule();
  }

  /** It waits no longer. */
  forget(waiter: LinkWaiter): void {
    this.waiters.delete(waiter);
    const at = this.looking?.indexOf(waiter) ?? -1;
    if (at >= 0) this.looking?.splice(at, 1);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    clearTimeout(this.timeout);
    this.child?.stdin?.end();
    this.child = undefined;
  }

  private schedule(): void {
    if (this.looking !== undefined || this.closed) return;
    clearTimeout(this.timer);
    const delayMs = Math.max(this.dueMs, this.nextMs) - performance.now();
    this.timer = setTimeout(() => this.look(), Math.max(0, delayMs));
  }

  private look(): void {
    this.looking = [...this.waiters];
    this.waiters.clear();
    this.dueMs = Infinity;
    this.text = '';
    this.beganMs = performance.now();
    for (const waiter of this.looking) waiter.lookBegins();
    this.child ??= this.start();
    if (this.child === undefined) return this.tell(undefined);
    this.timeout = setTimeout(() => this.child?.kill('SIGKILL'), lookTimeoutMs);
    this.child.stdin?.write('\n');
  }

  private start(): ChildProcess | undefined {
    if (this.starts === startsMax) return undefined;
    this.starts++;
    const [command, ...args] = this.program;
    const child = spawn(command, [...args, String(this.port())], { stdio: ['pipe', 'pipe', 'ignore'] });
    const ended = (): void => {
      if (this.child !== child) return;
      this.child = undefined;
      this.tell(undefined);
    };
    child.on('error', ended);
    child.on('exit', ended);
    child.stdin.on('error', () => undefined);
    child.stdout.setEncoding('latin1');
    child.stdout.on('data', (text: string) => this.heard(child, text));
    // It must not keep the process alive; it ends with its input.
    child.unref();
    (child.stdout as unknown as { unref(): void }).unref();
    (child.stdin as unknown as { unref(): void }).unref();
    return child;
  }

  private heard(child: ChildProcess, text: string): void {
    if (this.child !== child) return;
    this.text += text;
    const end = /(?:^|\n)end (\d+)\n$/.exec(this.text);
    if (end === null) return;
    if (end[1] === '0') return this.tell(parseLinks(this.text));
    this.starts = startsMax;
    this.child = undefined;
    child.stdin?.end();
    this.tell(undefined);
  }

  private tell(links: ReadonlyMap<string, LinkFacts> | undefined): void {
    clearTimeout(this.timeout);
    const waiters = this.looking ?? [];
    this.looking = undefined;
    const nowMs = performance.now();
    this.nextMs = Math.max(lookIntervalMs, (nowMs - this.beganMs) / busyShareMax) + this.beganMs;
    if (links === undefined && this.starts === startsMax && !this.closed) this.sayImpossible();
    for (const waiter of waiters) waiter.looked(links?.get(waiter.linkKey));
    if (this.waiters.size > 0) this.schedule();
  }

  private sayImpossible(): void {
    if (this.said) return;
    this.said = true;
    this.log.warn('ss (iproute2) tells nothing of TCP links: answers in records framing are paced by time alone');
  }
}
