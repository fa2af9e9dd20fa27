import { formatAddress, formatEndpoint } from './endpoint.js';
import type { Kernel } from './kernel.js';
import { cells, entryTailBytes } from './partial-layout.js';
import { PackedRows, packedRowBytes, type Rows } from './rows/packed-rows.js';
import { exactCount } from './report-total.js';
import type { CaptureFacts, ConversationRow, ConversationTimes, EndpointRow } from './report-types.js';
import type { Count, ReportOptions } from './types.js';
import { isFull } from './full-table.js';
import { TunnelPaths } from './tunnel-paths.js';

const orders = { bytes: 0, packets: 1, duration: 2, start: 3 } as const;
const noTime = 0x7fff_ffff_ffff_ffffn;
const noLastTime = -0x8000_0000_0000_0000n;

interface Direction {
  readonly packets: bigint;
  readonly bytes: bigint;
  readonly first: bigint;
  readonly last: bigint;
}

function readDirection(view: DataView, at: number): Direction {
  return {
    packets: view.getBigUint64(at, true),
    bytes: view.getBigUint64(at + 8, true),
    first: view.getBigInt64(at + 16, true),
    last: view.getBigInt64(at + 24, true),
  };
}

/** The bytes of an address, of which IPv4 has the last four. */
export function addressBytes(six: boolean, high: bigint, low: bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, high);
  view.setBigUint64(8, low);
  return six ? bytes : bytes.subarray(12);
}

/** Ranks conversations and endpoints in the order asked for, for the functions below. */
export function rankTable(kernel: Kernel, { top, sort }: ReportOptions): void {
  const { exports } = kernel;
  if (isFull(kernel)) kernel.call(() => exports.makeHeavyRows());
  const kept = Number(kernel.cell(cells.kept));
  const entries = kept + Number(kernel.cell(cells.kept + 1));
  const conversations = kept + exports.heavyConversationsCount.value;
  const endpoints = 2 * entries + exports.leftCount.value + exports.heavyAddressesCount.value;
  exports.setOrderOfRows(orders[sort]);
  kernel.call(() => exports.rank(conversations, entries, Math.min(top, conversations), Math.min(top, endpoints)));
}

/** Tables of fewer rows are arrays in any case: the module that writes packed ones takes longer to load. */
export const packedRowsMin = 256;

/** Tells how many conversations there are, and the first of them. */
export function rankedConversations(
  kernel: Kernel,
  packed: boolean,
): Pick<CaptureFacts, 'conversations' | 'conversations_by_kind' | 'top' | 'top_times'> {
  const { base, exports } = kernel;
  // Text of packed rows is made without a base.
  const asRows = packed && kernel.base === 0n;
  const bytes = takeRows(
    kernel,
    packedRowBytes.conversations,
    exports.bestConversationsCount.value,
    exports.packConversations,
  );
  const rows = isFull(kernel)
    ? new PackedRows('boundedConversations', bytes, (view, at) => readBoundedConversation(view, at, base))
    : new PackedRows('conversations', bytes, (view, at) => readConversation(view, at, base));
  return {
    ...conversationCounts(kernel),
    top: told(rows, asRows),
    top_times: told(new PackedRows('times', bytes, (view, at) => readTimes(view, at, base)), asRows),
  };
}

function conversationCounts({ exports, view }: Kernel): Pick<CaptureFacts, 'conversations' | 'conversations_by_kind'> {
  const kind = (i: number): bigint => view.getBigUint64(exports.kinds.value + 8 * i, true);
  return {
    conversations: exactCount(kind(0) + kind(1) + kind(2) + kind(3)),
    conversations_by_kind: {
      ipv4_tcp: exactCount(kind(0)),
      ipv4_udp: exactCount(kind(1)),
      ipv6_tcp: exactCount(kind(2)),
      ipv6_udp: exactCount(kind(3)),
    },
  };
}

/** The same with --inner: rows have their tunnels, and are arrays. */
export function innerConversations(kernel: Kernel): ReturnType<typeof rankedConversations> {
  const { base, exports } = kernel;
  const size = packedRowBytes.conversations + entryTailBytes;
  const bytes = takeRows(kernel, size, exports.bestConversationsCount.value, exports.packConversations);
  const paths = new TunnelPaths(kernel);
  const view = new DataView(bytes.buffer);
  const places = Array.from({ length: bytes.length / size }, (_, i) => i * size);
  const read = isFull(kernel) ? readBoundedConversation : readConversation;
  return {
    ...conversationCounts(kernel),
    top: places.map((at) => ({ ...read(view, at, base), ...paths.fieldsOf(view, at + size - entryTailBytes) })),
    top_times: places.map((at) => readTimes(view, at, base)),
  };
}

/** Copies the ranked rows of one kind out of the kernel. */
function takeRows(kernel: Kernel, size: number, count: number, pack: (from: number) => number): Uint8Array {
  const bytes = new Uint8Array(count * size);
  for (let from = 0; from < count;) {
    const rows = pack(from);
    bytes.set(kernel.bytes(kernel.exports.WINDOW.value, rows * size), from * size);
    from += rows;
  }
  return bytes;
}

function told<T>(rows: PackedRows<T>, packed: boolean): Rows<T> {
  return packed && rows.length >= packedRowsMin ? rows : [...rows];
}

const backAt = 72;
const six40 = 1n << 40n;
const bounded41 = 1n << 41n;

/** The ends of a conversation as it is packed. */
export function endsOf(view: DataView, at: number): { readonly a: string; readonly b: string } {
  const ports = view.getBigUint64(at + 64, true);
  const six = (ports & six40) !== 0n;
  const word = (i: number): bigint => view.getBigUint64(at + 32 + 8 * i, true);
  return {
    a: formatEndpoint({ address: addressBytes(six, word(0), word(1)), port: Number((ports >> 24n) & 0xffffn) }),
    b: formatEndpoint({ address: addressBytes(six, word(2), word(3)), port: Number((ports >> 8n) & 0xffffn) }),
  };
}

function readConversation(view: DataView, at: number, base: bigint): ConversationRow {
  const ports = view.getBigUint64(at + 64, true);
  const out = readOut(view, at);
  const back = readDirection(view, at + backAt);
  const first = out.first < back.first ? out.first : back.first;
  const last = out.last > back.last ? out.last : back.last;
  return {
    proto: (ports & 0xffn) === 6n ? 'tcp' : 'udp',
    ...endsOf(view, at),
    packets: exactCount(out.packets + back.packets),
    bytes: exactCount(out.bytes + back.bytes),
    packets_a_to_b: exactCount(out.packets),
    bytes_a_to_b: exactCount(out.bytes),
    packets_b_to_a: exactCount(back.packets),
    bytes_b_to_a: exactCount(back.bytes),
    first_ns: timeText(first, first, base),
    last_ns: timeText(last, first, base),
    bits_per_second: first === noTime ? null : rateOf(out.bytes + back.bytes, last - first),
  };
}

/** Whole bits a second; null where no time passes. As rows/assembly/index.ts writes it. */
function rateOf(bytes: bigint, ns: bigint): Count | null {
  if (ns <= 0n) return null;
  const rate = (bytes * 8_000_000_000n) / ns;
  return exactCount(rate > rateMax ? rateMax : rate);
}

const rateMax = (1n << 63n) - 1n;

function readBoundedConversation(view: DataView, at: number, base: bigint): ConversationRow {
  const row = readConversation(view, at, base);
  if (!isBounded(view, at)) return { ...row, packets_max: row.packets, bytes_max: row.bytes };
  const most = (place: number): Count => exactCount(view.getBigUint64(at + place, true));
  return { ...row, packets_max: most(16), bytes_max: most(24) };
}

/**
 * From a to b. One that is known within bounds has no times; its bounds stand in their place (assembly/packed-rows.ts).
 */
function readOut(view: DataView, at: number): Direction {
  const out = readDirection(view, at);
  return isBounded(view, at) ? { ...out, first: noTime, last: noLastTime } : out;
}

const isBounded = (view: DataView, at: number): boolean => (view.getBigUint64(at + 64, true) & bounded41) !== 0n;

function readTimes(view: DataView, at: number, base: bigint): ConversationTimes {
  const out = readOut(view, at);
  const back = readDirection(view, at + backAt);
  return {
    first_ns_a_to_b: timeText(out.first, out.first, base),
    last_ns_a_to_b: timeText(out.last, out.first, base),
    first_ns_b_to_a: timeText(back.first, back.first, base),
    last_ns_b_to_a: timeText(back.last, back.first, base),
  };
}

const timeText = (time: bigint, timed: bigint, base: bigint): string | null =>
  timed === noTime ? null : (time + base).toString();

/**
 * Tells how many endpoints there are, and those with the most traffic: by packets when that is the order,
 * else by bytes.
 */
export function rankedEndpoints(kernel: Kernel, packed: boolean): Pick<CaptureFacts, 'endpoints_total' | 'endpoints'> {
  const { exports } = kernel;
  const count = exports.bestTalkersCount.value;
  const rows = isFull(kernel)
    ? new PackedRows(
        'boundedEndpoints',
        takeRows(kernel, packedRowBytes.boundedEndpoints, count, exports.packBoundedTalkers),
        readBoundedEndpoint,
      )
    : new PackedRows('endpoints', takeRows(kernel, packedRowBytes.endpoints, count, exports.packTalkers), readEndpoint);
  return {
    endpoints_total: exactCount(exports.endpointsTotal()),
    endpoints: told(rows, packed),
  };
}

function readEndpoint(view: DataView, at: number): EndpointRow {
  const cell = (offset: number): bigint => view.getBigUint64(at + offset, true);
  return {
    address: formatAddress(addressBytes(cell(16) === 6n, cell(0), cell(8))),
    packets: exactCount(cell(56)),
    bytes: exactCount(cell(64)),
    packets_sent: exactCount(cell(24)),
    bytes_sent: exactCount(cell(32)),
    packets_received: exactCount(cell(40)),
    bytes_received: exactCount(cell(48)),
  };
}

function readBoundedEndpoint(view: DataView, at: number): EndpointRow {
  const most = (place: number): Count => exactCount(view.getBigUint64(at + place, true));
  return { ...readEndpoint(view, at), packets_max: most(72), bytes_max: most(80) };
}
