import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes that are read back at once. */
const pieceBytes = 1 << 20;

/**
 * Bytes that become a file later. They lie on the disk where that file will be, in a file without a name:
 * whatever ends the process leaves nothing behind.
 */
export class Spool {
  private fd: number | null = null;
  private bytes = 0;

  constructor(private readonly folder: string) {}

  /** @throws what node:fs throws */
  write(piece: Uint8Array): void {
    this.fd ??= openNameless(this.folder);
    for (let at = 0; at < piece.length;) at += writeSync(this.fd, piece, at);
    this.bytes += piece.length;
  }

  /** All that was written, in order. */
  *pieces(): Generator<Uint8Array> {
    if (this.fd === null) return;
    const piece = Buffer.alloc(Math.min(pieceBytes, this.bytes));
    for (let at = 0; at < this.bytes;) {
      const read = readSync(this.fd, piece, 0, piece.length, at);
      if (read === 0) throw new Error(`the disk gave back ${at} of ${this.bytes} bytes`);
      at += read;
      yield piece.subarray(0, read);
    }
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }
}

let opened = 0;

function openNameless(folder: string): number {
  const name = join(folder, `.trireme-${process.pid}-${opened++}.spool`);
  const fd = openSync(name, 'wx+', 0o600);
  rmSync(name);
  return fd;
}
