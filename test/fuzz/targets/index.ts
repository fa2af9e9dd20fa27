import type { FuzzTarget } from '../target.js';
import { capture, captureSplit, gzip, gzipMembers, gzipParts, lz4, zstd } from './captures.js';
import { filters } from './filter.js';
import { authLine, frames } from './frames.js';
import { fileOutcomes, joinList } from './join.js';
import { packetNames } from './names.js';
import { commandLines, optionValues } from './options.js';
import { plantedCrash, plantedHang, plantedHoard } from './planted.js';
import { datagrams } from './udp.js';
import { chunkAnswer, reports, requests, workerStream } from './wire.js';

/** Every parser that reads what strangers send or write. */
export const targets: readonly FuzzTarget[] = [
  ...[frames, authLine, capture, captureSplit, packetNames, gzip, gzipMembers, gzipParts, zstd, lz4],
  ...[joinList, fileOutcomes, filters],
  ...[workerStream, chunkAnswer, requests, reports, optionValues, commandLines, datagrams],
];

/** @throws Error that lists what there is */
export function targetNamed(name: string): FuzzTarget {
  const found = [...targets, plantedCrash, plantedHang, plantedHoard].find((target) => target.name === name);
  if (found !== undefined) return found;
  throw new Error(`no fuzz target '${name}'; there are ${targets.map((target) => target.name).join(', ')}`);
}
