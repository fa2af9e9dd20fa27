import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { AnswerRing } from './answer-ring.js';
import { linkKey, type LinkFacts } from './link-facts.js';
import type { LinkLook, LinkWaiter } from './link-look.js';
import { toRecord } from './record.js';
import { RecordLink } from './record-link.js';

/** Time between two questions to a receiver whose window is full, whether it still is; Linux takes whole seconds. */
const keepAliveMs = 1_000;

export interface RecordWriterPort {
  nowMs(): number;
  /** Writes to the socket. */
  write(record: Buffer): void;
  /** Records may be written that had to wait. */
  flush(): void;
}

/** Writes the answers of one connection as records, each when its link takes it whole. */
export class RecordWriter implements LinkWaiter {
  readonly linkKey: string;
  private readonly link: RecordLink;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly ring: AnswerRing,
    private readonly links: LinkLook,
    private readonly port: RecordWriterPort,
  ) {
    const { remoteAddress = '', remotePort = 0, localAddress } = socket;
    this.linkKey = linkKey(remoteAddress, remotePort);
    const loopback = /^(::ffff:)?127\.|^::1$/.test(remoteAddress) || remoteAddress === localAddress;
    this.link = new RecordLink(loopback, port.nowMs());
    // A TLS record is decrypted when it is whole, and read() gives no more than one.
    if (socket instanceof TLSSocket) this.link.looked(undefined, port.nowMs());
  }

  /** When something was written or acknowledged, or the receiver made room, for the last time. */
  get progressMs(): number {
    return this.link.progressMs;
  }

  /** So much time is no fault of the receiver. */
  forgive(ms: number): void {
    this.link.progressMs += ms;
  }

  /**
   * Writes the oldest answers that are settled, while the link takes them and the socket has fewer bytes than these.
   */
  write(bytesMax: number): void {
    const { ring, socket, port, link } = this;
    while (ring.headSettled && socket.writableLength < bytesMax) {
      const nowMs = port.nowMs();
      const wait = link.wait(nowMs);
      if (wait.until === 'look') {
        // An announcement of room may be lost, and nothing is under way that would have it repeated but this.
        if (link.full) socket.setKeepAlive(true, keepAliveMs);
        this.links.want(this, wait.ms);
        return;
      }
      if (wait.until === 'time') {
        this.timer ??= setTimeout(() => {
          this.timer = undefined;
          port.flush();
        }, wait.ms);
        return;
      }
      const answer = ring.peek() as Uint8Array;
      const record = toRecord(answer, link.lengthFor(answer.length));
      port.write(record);
      ring.drop();
      link.wrote(record.length, nowMs);
    }
  }

  lookBegins(): void {
    this.link.lookBegins(this.port.nowMs());
  }

  looked(facts: LinkFacts | undefined): void {
    this.link.looked(facts, this.port.nowMs());
    this.port.flush();
  }

  close(): void {
    clearTimeout(this.timer);
    this.links.forget(this);
  }
}
