import { NamesMachine } from './machine.js';
import { refuseNames, takeCount } from './invalid-names.js';

/** A log that is longer is counted as it comes, where nothing before it is missing. */
const heldBytesMax = 4 * 1024 * 1024;

/** What stands before a section's bytes: its form u8, and at 8 the packets that were looked at u64. */
const sectionHead = 16;
const forms = { log: 0, state: 1 } as const;

/**
 * What a scan has met of names: the log of a chunk, of which nobody knows yet what came before it, or all
 * that was counted from the start of the file on.
 */
export class NamesCollector {
  private readonly counted = new NamesMachine();
  private hasCounted = false;
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  /** Packets of TCP and UDP that were looked at. */
  private packets = 0;

  constructor(
    /** Nothing of the file lies before what is scanned. */
    private readonly fromTheStart: boolean,
  ) {}

  /**
   * Takes a part of the log, whose bytes are the caller's again when this returns.
   * @param packets that were looked at so far
   */
  take(log: Uint8Array, packets: number): void {
    this.packets = packets;
    if (log.length === 0) return;
    if (this.fromTheStart && (this.hasCounted || this.heldBytes + log.length > heldBytesMax)) {
      this.count();
      this.counted.feed(log);
      this.hasCounted = true;
      return;
    }
    this.held.push(log.slice());
    this.heldBytes += log.length;
  }

  /** All that was met, counted. To be asked where nothing of the file lies before it. */
  get machine(): NamesMachine {
    this.count();
    return this.counted;
  }

  private count(): void {
    for (const log of this.held) this.counted.feed(log);
    if (this.held.length > 0) this.hasCounted = true;
    this.held = [];
    this.heldBytes = 0;
  }

  /** What was scanned has ended, and what comes now is numbered anew. */
  endPart(): void {
    this.count();
    this.counted.pass(this.packets);
    this.packets = 0;
  }

  /** The same as bytes, for add() of another. */
  section(): Uint8Array {
    if (!this.hasCounted) return section(forms.log, this.packets, this.heldBytes, this.held);
    const state = Buffer.from(this.machine.state());
    return section(forms.state, this.packets, state.length, [state]);
  }

  /** Adds what was met right behind all that is here. @throws TriremeError JOB_FAILED when the bytes are no section */
  add(bytes: Uint8Array): void {
    if (bytes.length < sectionHead) refuseNames('the head');
    this.endPart();
    const content = bytes.subarray(sectionHead);
    if (bytes[0] === forms.log) this.counted.feed(content);
    else if (bytes[0] === forms.state && !this.hasCounted)
      this.counted.restore(Buffer.from(content.buffer, content.byteOffset, content.length).toString());
    else refuseNames('the form');
    this.hasCounted = true;
    this.counted.pass(packetsOf(bytes));
  }
}

function packetsOf(bytes: Uint8Array): number {
  return takeCount(Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(8, true)));
}

function section(form: number, packets: number, length: number, parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(sectionHead + length);
  bytes[0] = form;
  new DataView(bytes.buffer).setBigUint64(8, BigInt(packets), true);
  let at = sectionHead;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
