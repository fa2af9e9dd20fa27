/** Bytes that are put behind each other in memory that is used again. */
export class ByteBuilder {
  bytes = new Uint8Array(1 << 20);
  /** Of all of `bytes`; ask again after each reserve(). */
  view = new DataView(this.bytes.buffer);
  private length = 0;

  /** Makes room and returns where it begins. */
  reserve(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, 2 * this.bytes.length));
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return at;
  }

  /** Puts bytes and returns where they begin. */
  add(bytes: Uint8Array): number {
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
    return at;
  }

  /** What was put since the last call; it is overwritten by what comes next. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.length);
    this.length = 0;
    return taken;
  }
}
