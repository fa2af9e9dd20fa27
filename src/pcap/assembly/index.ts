// What the engine calls. One instance scans one chunk, or merges many results, at a time; begin() makes it new again.

import { beginActivity } from './activity';
import { beginArena } from './arena';
import { beginClock, beginFile } from './clock';
import { extractedAt, keptPackets, longRecord, stopExtracting, takeExtracted } from './extract';
import { beginFiltering, setExtracting, setFilter, setOnlyNumbers, setSpan } from './filtering';
import { setSeed } from './hash';
import { forgetHeavyRows } from './heavy-rows';
import { interfaceCount, setInterfaceCount } from './interfaces';
import { keepPaths, keepTcp } from './entries';
import { clearRows, FIRST_NS, I64_MAX, I64_MIN, INNER, LAST_NS, LINKS, TOTALS } from './layout';
import { setOrderOfRows } from './order';
import { beginLeftAddresses } from './left-addresses';
import { beginNames } from './names';
import { beginPaths } from './paths';
import { beginWaiting } from './postponed';
import { beginPiece, pieceFirstNs, pieceLastNs, pieceOthers, pieceTold, setIndexing, stopIndexing } from './pieces';
import { keysAt, takeKeys } from './piece-keys';
import { beginHealth, beginSeries, clearSeries } from './series';
import { beginSketches } from './sketch';
import { beginLogs } from './sketch-log';
import { beginStatistics } from './statistics';
import {
  big,
  damage,
  damageA,
  damageB,
  lengthsSwapped,
  phase,
  recordHead,
  setHeadersOnly,
  setOrder,
  setRecordHead,
  setWalking,
} from './status';
import { beginTable } from './table';
import { beginTcp } from './tcp-state';
import { beginWatch } from './tcp-watch';
import { format } from './window';

export {
  BACK4,
  BACK6,
  ENTRY4_BYTES,
  ENTRY6_BYTES,
  PORTS4,
  PORTS6,
} from './entries';
export {
  FAMILIES,
  INTERFACE_BYTES,
  INTERFACES,
  LINKS,
  PROTOCOLS4,
  PROTOCOLS6,
  SERIES,
  SIZES,
  TOTALS,
  TOTALS_CELLS,
  TUNNELS,
  WINDOW,
  WINDOW_BYTES,
} from './layout';
export { setTransparent } from './filtering';
export { endImport, importPaths, importRoom, pathsAt, pathsBytes } from './paths';
export { setInterface, setInterfaceCount } from './interfaces';
export { lowerThreshold, makeRoom, pin } from './table';
export { beginExport, countEntries, exportEntries, importEntries, importRow, importSeries, nextRow } from './exchange';
export { healthAt, healthRow } from './series';
export { bestConversations, bestConversationsCount, kinds, pinnedSums, rank, rankBlock } from './ranking';
export {
  beginLeftExport,
  exportLeftRows,
  exportSketches,
  importLeftRows,
  importSketches,
  sketchBytes,
} from './sketch-exchange';
export { addGroup } from './sketch-log';
export { heavyAddressesCount, heavyConversationsCount, makeHeavyRows, untoldBounds } from './heavy-rows';
export { leftAddressesMax, leftCount, lowerAddressThreshold } from './left-addresses';
export { packBoundedTalkers, packConversations, packTalkers } from './packed-rows';
export { countDigits, loadKeys, scatter } from './sort';
export { bestTalkers, bestTalkersCount, indexRows, offerRows } from './talkers';
export {
  checkTcp,
  exportTcp,
  importTcp,
  seedTcp,
  tcpBytes,
  tcpDone,
  tcpRoom,
  unsettledBytes,
} from './tcp-exchange';
export { gatherFailed, gatherFailedOf, packFailed } from './tcp-failed';
export {
  failedCount,
  packTcpFacts,
  packTroubled,
  sumTcp,
  sumTcpOf,
  TCP_FACTS_BYTES,
  tcpTotals,
} from './tcp-report';
export { beginNamesPart, clearNames, namesAt, namesBytes, namesPackets } from './names';
export { setEndlessLogs, setPiecewise, uncaptured, windowless } from './tcp-state';
import { talkersTotal } from './talkers';
export {
  beginWindow,
  claimedBytes,
  filled,
  finish,
  pendingBytes,
  position,
  searchAll,
  setLimit,
  spaceAt,
  spaceBytes,
  startPosition,
} from './window';
export { exportActivity, foldActivity, GAP_NS, importActivity, restartActivity } from './activity';
export { beginClock, setBase } from './clock';
export {
  clearStatistics,
  exportStatistics,
  importStatistics,
  statisticsAt,
  statisticsRows,
} from './statistics';
export { searchSteps } from './seam';
export { extractedAt, keptPackets, longRecord, takeExtracted };
export { beginPiece, keysAt, pieceFirstNs, pieceLastNs, pieceOthers, pieceTold, setIndexing, takeKeys };
export { setExtracting, setFilter, setHeadersOnly, setOrder, setOnlyNumbers, setOrderOfRows, setSpan };

/**
 * The memory of an instance that has just been made is zero; writing zeros there would only make its pages be there.
 */
let used: bool = false;

/** Makes the instance new: empty counters, empty table. */
export function begin(conversationsMax: u32, seed: u32, intervalNs: i64, onlyWalk: bool): void {
  if (used) {
    clearSeries();
    clearRows();
    memory.fill(TOTALS, 0, LINKS - TOTALS);
  }
  used = true;
  store<i64>(FIRST_NS, I64_MAX);
  store<i64>(LAST_NS, I64_MIN);
  beginArena();
  setSeed(seed);
  beginTable(conversationsMax);
  beginPaths();
  beginTcp(false);
  beginWatch();
  beginNames(false, false);
  beginLeftAddresses(conversationsMax);
  beginSketches();
  beginLogs();
  forgetHeavyRows();
  beginWaiting();
  beginSeries(intervalNs);
  beginFiltering();
  stopExtracting();
  stopIndexing();
  setWalking(onlyWalk);
  setHeadersOnly(false);
  setInterfaceCount(0);
  setOrder(false, false);
  setRecordHead(16);
  beginActivity();
  beginStatistics();
  beginClock(true);
}

/** Begins another file whose packets are added to what is counted: nothing of the last one's state is in force. */
export function beginPart(): void {
  beginFile();
  setInterfaceCount(0);
  setOrder(false, false);
  setRecordHead(16);
}

/** The state of TCP conversations is kept. */
export function setTcp(): void {
  beginTcp(true);
  keepTcp();
  beginHealth();
}

/** Names are told; piecewise: of a chunk that begins within a file. */
export function setNames(piecewise: bool): void {
  beginNames(true, piecewise);
}

/** Conversations are those of the innermost IP header. */
export function setInner(): void {
  store<u64>(INNER, 1);
  keepPaths();
}

export function phaseNow(): u32 {
  return phase;
}

export function damageCode(): u32 {
  return damage;
}

export function damageFirst(): u32 {
  return damageA;
}

export function damageSecond(): u32 {
  return damageB;
}

export function isBig(): bool {
  return big;
}

export function isSwapped(): bool {
  return lengthsSwapped;
}

export function recordHeadNow(): usize {
  return recordHead;
}

export function formatNow(): u32 {
  return format;
}

export function interfacesNow(): u32 {
  return interfaceCount;
}

export function endpointsTotal(): u64 {
  return talkersTotal;
}
