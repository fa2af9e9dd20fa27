import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * A TCP relay between a worker and its hubs, a process of its own on the worker's machine. It does to the
 * link what a bad network does: delays, resets, silence. Commands are lines of JSON on its input; its ports
 * are one line on its output.
 */
export interface RelayOrder {
  /** One port is opened for each. */
  readonly to: readonly { readonly host: string; readonly port: number }[];
}

export interface RelayCommand {
  /** Bytes are handed on so much later, either way. */
  readonly delayMs?: number;
  /** Bytes are kept and nothing is said, as on a half-open link. */
  readonly hold?: boolean;
  /** Both sides of every connection get a reset. */
  readonly reset?: boolean;
}

/** Bytes of one direction that wait here before the sender is no longer read. */
const waitingBytesMax = 4 * 1024 * 1024;

let delayMs = 0;
let hold = false;
const pipes = new Set<Pipe>();
const sockets = new Set<Socket>();

/** One direction of a connection. */
class Pipe {
  private readonly waiting: { readonly bytes: Buffer | null; readonly dueMs: number }[] = [];
  private waitingBytes = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
  ) {
    from.on('data', (bytes) => this.push(bytes));
    from.on('end', () => this.push(null));
    to.on('drain', () => this.flow());
  }

  private push(bytes: Buffer | null): void {
    this.waiting.push({ bytes, dueMs: performance.now() + delayMs });
    this.waitingBytes += bytes?.length ?? 0;
    if (this.waitingBytes > waitingBytesMax) this.from.pause();
    this.flow();
  }

  /** Hands on what is due. A shorter delay does not overtake: the oldest goes first. */
  flow(): void {
    clearTimeout(this.timer);
    while (!hold && this.waiting.length > 0 && !this.to.writableNeedDrain) {
      const [{ bytes, dueMs }] = this.waiting;
      const leftMs = dueMs - performance.now();
      if (leftMs > 0) {
        this.timer = setTimeout(() => this.flow(), leftMs);
        return;
      }
      this.waiting.shift();
      this.waitingBytes -= bytes?.length ?? 0;
      if (bytes === null) this.to.end();
      else this.to.write(bytes);
    }
    if (this.from.isPaused() && this.waitingBytes <= waitingBytesMax) this.from.resume();
  }

  end(): void {
    clearTimeout(this.timer);
    pipes.delete(this);
  }
}

function join(one: Socket, other: Socket): void {
  const both = [new Pipe(one, other), new Pipe(other, one)];
  for (const pipe of both) pipes.add(pipe);
  for (const [socket, peer] of [
    [one, other],
    [other, one],
  ]) {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      for (const pipe of both) pipe.end();
      peer.resetAndDestroy();
    });
  }
}

async function main({ to }: RelayOrder): Promise<void> {
  const ports: number[] = [];
  for (const target of to) {
    const server = createServer({ allowHalfOpen: true }, (near) =>
      join(near, connect({ ...target, allowHalfOpen: true })),
    );
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    ports.push((server.address() as AddressInfo).port);
  }
  process.stdout.write(`${JSON.stringify(ports)}\n`);
  const input = createInterface({ input: process.stdin });
  input.on('line', (line) => {
    const command = JSON.parse(line) as RelayCommand;
    delayMs = command.delayMs ?? delayMs;
    hold = command.hold ?? hold;
    if (command.reset === true) for (const socket of sockets) socket.resetAndDestroy();
    for (const pipe of pipes) pipe.flow();
  });
  input.on('close', () => process.exit(0));
}

void main(JSON.parse(process.argv[2]) as RelayOrder);
