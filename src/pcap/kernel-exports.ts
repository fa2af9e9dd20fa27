interface Place {
  /** An address or a size in the instance's memory. */
  readonly value: number;
}

/** What assembly/index.ts exports. Addresses come back signed: use `>>> 0`. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  /** Functions: filters are added behind the module's own. */
  readonly table: WebAssembly.Table;
  readonly ENTRY4_BYTES: Place;
  readonly ENTRY6_BYTES: Place;
  readonly PORTS4: Place;
  readonly PORTS6: Place;
  readonly BACK4: Place;
  readonly BACK6: Place;
  readonly FAMILIES: Place;
  readonly INTERFACES: Place;
  readonly INTERFACE_BYTES: Place;
  readonly LINKS: Place;
  readonly PROTOCOLS4: Place;
  readonly PROTOCOLS6: Place;
  readonly SERIES: Place;
  readonly SIZES: Place;
  readonly TOTALS: Place;
  readonly TOTALS_CELLS: Place;
  readonly TUNNELS: Place;
  readonly WINDOW: Place;
  readonly WINDOW_BYTES: Place;
  readonly kinds: Place;
  readonly pinnedSums: Place;
  begin(conversationsMax: number, seed: number, intervalNs: bigint, onlyWalk: boolean): void;
  beginPart(): void;
  pin(six: boolean, ports: bigint, k0: bigint, k1: bigint, k2: bigint, k3: bigint): void;
  setOrder(big: boolean, lengthsSwapped: boolean): void;
  setInterface(number: number, link: number, snap: number, resolution: number, offsetSeconds: bigint): void;
  setInterfaceCount(count: number): void;
  setHeadersOnly(only: boolean): void;
  setFilter(): void;
  setTransparent(): void;
  /** Conversations are those of the innermost IP header; before packets come. */
  setInner(): void;
  /** The state of TCP conversations is kept; before packets come. */
  setTcp(): void;
  /** What came before the packets of this scan is not known. */
  setPiecewise(): void;
  /** The logs of TCP conversations then hold all packets. */
  setEndlessLogs(): void;
  /** Names are told; before packets come. */
  setNames(piecewise: boolean): void;
  beginNamesPart(): void;
  /** The log of what tells names (assembly/names.ts), its bytes, and the packets that were looked at. */
  namesAt(): number;
  readonly namesBytes: Place;
  readonly namesPackets: { readonly value: bigint };
  clearNames(): void;
  readonly uncaptured: { readonly value: bigint };
  readonly windowless: { readonly value: bigint };
  /**
   * Counts of TCP's health by intervals: 0 where there are none, and where those of an interval are; 0: they are all 0.
   */
  readonly healthAt: Place;
  healthRow(number: bigint): number;
  tcpBytes(): bigint;
  /** Where so many bytes of TCP's state go, until tcpDone(). */
  tcpRoom(bytes: number): number;
  tcpDone(): void;
  exportTcp(): void;
  importTcp(bytes: number): number;
  /** Conversations whose log does not settle; -1: the bytes in the room are none. */
  checkTcp(bytes: number): number;
  readonly unsettledBytes: Place;
  seedTcp(bytes: number): number;
  readonly TCP_FACTS_BYTES: Place;
  readonly tcpTotals: Place;
  readonly failedCount: Place;
  sumTcp(): void;
  packTcpFacts(from: number): number;
  packTroubled(list: number): number;
  gatherFailed(most: number): void;
  packFailed(list: number): number;
  pathsAt(): number;
  pathsBytes(): number;
  /** Where so many bytes of paths of another scan go, for importPaths(). */
  importRoom(bytes: number): number;
  importPaths(): number;
  endImport(): void;
  setExtracting(packetsMax: bigint, leftBytes: number): void;
  extractedAt(): number;
  takeExtracted(least: number): number;
  readonly keptPackets: { readonly value: bigint };
  readonly longRecord: { readonly value: bigint };
  setOnlyNumbers(): void;
  setIndexing(only: boolean): void;
  beginPiece(): void;
  readonly pieceFirstNs: { readonly value: bigint };
  readonly pieceLastNs: { readonly value: bigint };
  readonly pieceOthers: Place;
  readonly pieceTold: Place;
  /** Keys of set 0 addresses, 1 ports, 2 connections; -1: too many to hold. */
  takeKeys(set: number): number;
  keysAt(set: number): number;
  setSpan(from: bigint, to: bigint, fromFirstPacket: number): void;
  beginWindow(position: bigint, end: bigint, phase: number, format: number): void;
  searchAll(): void;
  setLimit(end: bigint): void;
  spaceAt(): number;
  spaceBytes(): number;
  filled(bytes: number): void;
  finish(): void;
  position(): bigint;
  startPosition(): bigint;
  pendingBytes(): bigint;
  claimedBytes(): bigint;
  phaseNow(): number;
  damageCode(): number;
  damageFirst(): number;
  damageSecond(): number;
  isBig(): number;
  isSwapped(): number;
  recordHeadNow(): number;
  formatNow(): number;
  interfacesNow(): number;
  readonly searchSteps: { readonly value: bigint };
  /** Times of this scan: `known` from 1970 or as setBase() says; else the first packet decides. */
  beginClock(known: boolean): void;
  setBase(high: bigint, low: bigint): void;
  readonly GAP_NS: { readonly value: bigint };
  foldActivity(): void;
  restartActivity(): void;
  exportActivity(): void;
  importActivity(spans: number, shift: bigint): number;
  clearStatistics(): void;
  statisticsAt(last: boolean): number;
  statisticsRows(): number;
  exportStatistics(last: boolean): void;
  importStatistics(leadingRows: number, lastRows: number, sections: boolean): number;
  beginExport(): void;
  countEntries(six: boolean): number;
  exportEntries(six: boolean): number;
  importRow(table: number, number: number, packets: bigint, bytes: bigint): void;
  nextRow(table: number, number: number, rows: number): number;
  makeRoom(entries: number): void;
  importEntries(six: boolean, count: number): number;
  importSeries(shift: bigint, low: bigint, rows: number): void;
  lowerThreshold(group: number, threshold: bigint): void;
  beginLeftExport(): void;
  readonly leftCount: Place;
  sketchBytes(): number;
  exportLeftRows(): number;
  exportSketches(): number;
  importLeftRows(count: number): number;
  importSketches(bytes: number): number;
  lowerAddressThreshold(threshold: bigint): void;
  leftAddressesMax(): number;
  /** Finds what is heavy among what is not in the full table; before rank(). */
  makeHeavyRows(): void;
  readonly heavyConversationsCount: Place;
  readonly heavyAddressesCount: Place;
  readonly untoldBounds: Place;
  setOrderOfRows(by: number): void;
  rank(conversations: number, entries: number, mostConversations: number, mostTalkers: number): void;
  /** Set by rank(): where references to the best rows are, and how many. */
  readonly bestConversations: Place;
  readonly bestConversationsCount: Place;
  readonly bestTalkers: Place;
  readonly bestTalkersCount: Place;
  packConversations(from: number): number;
  packTalkers(from: number): number;
  packBoundedTalkers(from: number): number;
  endpointsTotal(): bigint;
}
