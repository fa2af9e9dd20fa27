import { FilePour } from '../captures/file/pour.js';
import { knowingFirst, needsFirst } from '../pcap/first-time.js';
import { firstTime, HeadReader } from '../pcap/head-reader.js';
import type { ScanOptions } from '../pcap/types.js';
import type { CaptureBytes } from './open-capture.js';

/**
 * What chunks must know that do not begin a capture, where bounds are counted from its first packet. Null:
 * that packet has no time, or of a URL is behind its first bytes, so that only one chunk of all finds the
 * first one that has.
 */
export function knowingFirstOf<Scan extends Pick<ScanOptions, 'span'>>(
  module: WebAssembly.Module,
  bytes: CaptureBytes,
  scan: Scan,
): Scan | null {
  if (!needsFirst(scan.span)) return scan;
  const firstNs = bytes.at === 'file' ? firstInFile(module, bytes.fd) : firstTime(module, bytes.first);
  return firstNs === null ? null : knowingFirst(scan, firstNs);
}

function firstInFile(module: WebAssembly.Module, fd: number): string | null {
  const reader = new HeadReader(module);
  try {
    reader.begin();
    new FilePour(fd, reader, 0).all();
    return reader.end().firstNs;
  } finally {
    reader.close();
  }
}
