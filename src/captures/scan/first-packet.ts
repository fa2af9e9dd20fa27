import { knowingFirst, needsFirst } from '../../pcap/first-time.js';
import { HeadReader } from '../../pcap/head-reader.js';
import { FilePour } from '../file/pour.js';
import { loadScanModule } from './scan-module.js';
import type { ScanOptions } from '../../pcap/types.js';

/**
 * Settings for threads that scan parts of a file: bounds that are counted from the first packet need its
 * time. Null: that packet has none, so that only a scan from the start finds the first one that has.
 */
export function withFirstPacket<S extends { readonly scan: Pick<ScanOptions, 'span'> }>(
  fd: number,
  settings: S,
): S | null {
  if (!needsFirst(settings.scan.span)) return settings;
  const reader = new HeadReader(loadScanModule());
  try {
    reader.begin();
    new FilePour(fd, reader, 0).all(() => undefined);
    const { firstNs } = reader.end();
    return firstNs === null ? null : { ...settings, scan: knowingFirst(settings.scan, firstNs) };
  } finally {
    reader.close();
  }
}
