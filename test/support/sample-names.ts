import type { CaptureFacts } from '../../src/pcap/report-types.js';
import type { NamesFacts } from '../../src/pcap/names-types.js';
import { namedTraffic } from './capture-builder/dns-traces.js';
import { reportOptions, scanOptions, scanWhole } from './engine.js';

/** Names of a small capture, with rows in every table. */
export function sampleNames(): NamesFacts {
  const options = { ...scanOptions, names: true };
  return (scanWhole(namedTraffic(40), options, undefined, { ...reportOptions, top: 50 }) as CaptureFacts).names!;
}
