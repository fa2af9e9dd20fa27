import { closeSync, openSync, writeSync } from 'node:fs';

/** How often a growing file is appended to, in ms. */
const stepMs = 10;

/** A file that is appended to as a capturing program does, until it is stopped: the same records over and over. */
export class GrowingFile {
  private readonly timer: NodeJS.Timeout;
  private readonly fd: number;
  private at = 0;

  /** @param stepBytes written a hundred times a second; records are cut where a step ends */
  constructor(
    path: string,
    private readonly records: Uint8Array,
    stepBytes: number,
  ) {
    this.fd = openSync(path, 'a');
    this.timer = setInterval(() => this.write(stepBytes), stepMs);
  }

  private write(bytes: number): void {
    const { records } = this;
    for (let left = bytes; left > 0;) {
      const piece = records.subarray(this.at, this.at + left);
      writeSync(this.fd, piece);
      this.at = (this.at + piece.length) % records.length;
      left -= piece.length;
    }
  }

  stop(): void {
    clearInterval(this.timer);
    closeSync(this.fd);
  }
}
