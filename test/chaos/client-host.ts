import { openSync, writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { kindOfJob } from './client-log.js';

/**
 * A machine of several TCP clients, each with a connection of its own, that ask at a steady rate and ask
 * again what a broken connection left.
 */
export interface ClientHostOrder {
  readonly name: string;
  readonly clients: number;
  readonly lb: { readonly host: string; readonly port: number };
  /** Jobs a second of each client. */
  readonly rate: number;
  readonly log: string;
}

/** Jobs of a client without an answer, at most: past it nothing new is asked. */
const unansweredMax = 64;

const redialMs = 100;
const tickMs = 20;

/** Looks for the last answers once no more is asked, and time between them. Counted, so that a standstill ends none. */
const settleLooksMax = 1_000;
const settleLookMs = 20;

const nowMs = (): number => Math.round((performance.timeOrigin + performance.now()) * 10) / 10;

let log = -1;
let lines = '';
const note = (line: string): void => {
  lines += `${line}\n`;
};
const flush = (): void => {
  if (lines !== '') writeSync(log, lines);
  lines = '';
};

interface Asked {
  readonly job: number;
  readonly kind: number;
  readonly askedMs: number;
}

class Client {
  private socket: Socket | null = null;
  private connected = false;
  private connection = 0;
  private jobs = 0;
  private waiting: Asked[] = [];
  private unread = '';
  private readonly startMs = performance.now();

  constructor(
    private readonly name: string,
    private readonly order: ClientHostOrder,
  ) {
    this.dial();
  }

  get unanswered(): number {
    return this.waiting.length;
  }

  private dial(): void {
    const connection = ++this.connection;
    const socket = connect({ ...this.order.lb, noDelay: true });
    this.socket = socket;
    this.unread = '';
    let open = false;
    socket.on('connect', () => {
      open = true;
      this.connected = true;
      note(`open ${this.name} ${connection} ${nowMs()}`);
      // The first chunk decides that this connection speaks in lines.
      socket.write('\n');
      if (this.waiting.length > 0) socket.write(this.waiting.map(({ kind }) => `${kind}\n`).join(''));
    });
    socket.on('data', (chunk) => this.heard(connection, chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (open) note(`close ${this.name} ${connection} ${nowMs()} ${this.waiting.length}`);
      if (this.socket !== socket) return;
      this.connected = false;
      this.socket = null;
      setTimeout(() => this.dial(), redialMs);
    });
  }

  private heard(connection: number, text: string): void {
    const [last, ...complete] = (this.unread + text).split('\n').reverse();
    this.unread = last;
    const atMs = nowMs();
    for (const answer of complete.reverse()) {
      const asked = this.waiting.shift();
      if (asked === undefined) note(`extra ${this.name} ${connection} ${atMs} ${answer}`);
      else note(`answer ${this.name} ${connection} ${asked.job} ${asked.kind} ${asked.askedMs} ${atMs} ${answer}`);
    }
  }

  /** Asks what is due by now. */
  ask(): void {
    const due = ((performance.now() - this.startMs) / 1000) * this.order.rate;
    while (this.jobs < due && this.waiting.length < unansweredMax) {
      const kind = kindOfJob(this.jobs);
      this.waiting.push({ job: this.jobs++, kind, askedMs: nowMs() });
      if (this.connected) this.socket?.write(`${kind}\n`);
    }
    // What could not be asked in time is not made up for: a flood after an outage would be another test.
    if (this.jobs < due) this.jobs = Math.ceil(due);
  }

  reset(): void {
    this.socket?.resetAndDestroy();
  }

  end(): void {
    note(`end ${this.name} ${nowMs()} ${this.jobs} ${this.waiting.length}`);
    this.socket?.removeAllListeners('close').destroy();
  }
}

function main(order: ClientHostOrder): void {
  log = openSync(order.log, 'a');
  const clients = Array.from({ length: order.clients }, (_, i) => new Client(`${order.name}.${i}`, order));
  const ticker = setInterval(() => {
    for (const client of clients) client.ask();
  }, tickMs);
  setInterval(flush, 100);
  process.on('SIGUSR2', () => {
    for (const client of clients) client.reset();
  });
  process.on('SIGTERM', () => {
    clearInterval(ticker);
    let looks = 0;
    const look = (): void => {
      if (++looks < settleLooksMax && clients.some((client) => client.unanswered > 0))
        return void setTimeout(look, settleLookMs);
      for (const client of clients) client.end();
      flush();
      process.exit(0);
    };
    look();
  });
  process.stderr.write(`${JSON.stringify({ msg: 'asking', clients: order.clients })}\n`);
}

main(JSON.parse(process.argv[2]) as ClientHostOrder);
