import { NamesMachine } from './machine.js';
import { refuseNames } from './invalid-names.js';

/** A log that is longer is counted when nothing before it is missing: some thousand packets, so that it costs little each time. */
const heldBytesMax = 16 * 1024 * 1024;

/** What stands before a section's bytes: its form, and the packets that were looked at. */
const sectionHead = 16;
const forms = { log: 0, state: 1 } as const;

/**
 * What a scan has met of names: the log of a chunk, of which nobody knows yet what came before it, or all that was counted from
 * the start of the file on.
 */
export class NamesCollector {
  private readonly counted = new NamesMachine();
  private hasCounted = false;
  private held: Uint8Array[] = [];
  private heldBytes = 0;

  constructor(
    /** Nothing of the file lies before what is scanned. */
    private readonly fromTheStart: boolean,
  ) {}

  /** Takes a part of the log. */
  take(log: Uint8Array): void {
    this.held.push(log);
    this.heldBytes += log.length;
    if (this.fromTheStart && this.heldBytes > heldBytesMax) this.count();
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

  /** The same as bytes, for add() of another. */
  section(): Uint8Array {
    if (!this.hasCounted) return section(forms.log, this.heldBytes, this.held);
    const state = Buffer.from(this.machine.state());
    return section(forms.state, state.length, [state]);
  }

  /** Adds what was met right behind all that is here. @throws TriremeError JOB_FAILED when the bytes are no section */
  add(bytes: Uint8Array): void {
    if (bytes.length < sectionHead) refuseNames('the head');
    const content = bytes.subarray(sectionHead);
    if (bytes[0] === forms.log) this.machine.feed(content);
    else if (bytes[0] === forms.state && !this.hasCounted && this.heldBytes === 0)
      this.counted.restore(Buffer.from(content.buffer, content.byteOffset, content.length).toString());
    else refuseNames('the form');
    this.hasCounted = true;
  }
}

function section(form: number, length: number, parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(sectionHead + length);
  bytes[0] = form;
  let at = sectionHead;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
