import { formatAddress, formatEndpoint } from './endpoint.js';
import type { Kernel } from './kernel.js';
import { cells } from './partial-layout.js';
import { exactCount } from './report-total.js';
import type { CaptureFacts, ConversationRow, ConversationTimes, EndpointRow } from './report-types.js';
import type { ReportOptions } from './types.js';

const orders = { bytes: 0, packets: 1, duration: 2, start: 3 } as const;
const noTime = 0x7fff_ffff_ffff_ffffn;

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

function addressBytes(six: boolean, high: bigint, low: bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, high);
  view.setBigUint64(8, low);
  return six ? bytes : bytes.subarray(12);
}

/** Ranks conversations and endpoints in the order asked for, for the functions below. */
export function rankTable(kernel: Kernel, { top, sort }: ReportOptions): void {
  const conversations = Number(kernel.cell(cells.kept));
  const entries = conversations + Number(kernel.cell(cells.kept + 1));
  kernel.exports.setOrderOfRows(orders[sort]);
  kernel.call((exports) =>
    exports.rank(conversations, entries, Math.min(top, conversations), Math.min(top, 2 * entries)),
  );
}

/** Tells how many conversations there are, and the first of them. */
export function rankedConversations(
  kernel: Kernel,
): Pick<CaptureFacts, 'conversations' | 'conversations_by_kind' | 'top' | 'top_times'> {
  const { exports, view } = kernel;
  const at = exports.bestConversations.value >>> 0;
  const kind = (i: number): bigint => view.getBigUint64(exports.kinds.value + 8 * i, true);
  const rows: ConversationRow[] = [];
  const times: ConversationTimes[] = [];
  for (let i = 0; i < exports.bestConversationsCount.value; i++) {
    const [row, time] = readConversation(kernel, view.getUint32(at + 4 * i, true));
    rows.push(row);
    times.push(time);
  }
  return {
    conversations: exactCount(kind(0) + kind(1) + kind(2) + kind(3)),
    conversations_by_kind: {
      ipv4_tcp: exactCount(kind(0)),
      ipv4_udp: exactCount(kind(1)),
      ipv6_tcp: exactCount(kind(2)),
      ipv6_udp: exactCount(kind(3)),
    },
    top: rows,
    top_times: times,
  };
}

function readConversation(kernel: Kernel, reference: number): [ConversationRow, ConversationTimes] {
  const { exports, view } = kernel;
  const six = (reference & 1) === 1;
  const at = reference - (reference & 1);
  const ports = view.getBigUint64(at + (six ? exports.PORTS6.value : exports.PORTS4.value), true);
  const word = (i: number): bigint => view.getBigUint64(at + 32 + 8 * i, true);
  const [a, b] = six
    ? [addressBytes(true, word(0), word(1)), addressBytes(true, word(2), word(3))]
    : [addressBytes(false, 0n, word(0) >> 32n), addressBytes(false, 0n, word(0) & 0xffff_ffffn)];
  const out = readDirection(view, at);
  const back = readDirection(view, at + (six ? exports.BACK6.value : exports.BACK4.value));
  const first = out.first < back.first ? out.first : back.first;
  const last = out.last > back.last ? out.last : back.last;
  const text = (time: bigint, timed: bigint): string | null => (timed === noTime ? null : time.toString());
  return [
    {
      proto: (ports & 0xffn) === 6n ? 'tcp' : 'udp',
      a: formatEndpoint({ address: a, port: Number((ports >> 24n) & 0xffffn) }),
      b: formatEndpoint({ address: b, port: Number((ports >> 8n) & 0xffffn) }),
      packets: exactCount(out.packets + back.packets),
      bytes: exactCount(out.bytes + back.bytes),
      packets_a_to_b: exactCount(out.packets),
      bytes_a_to_b: exactCount(out.bytes),
      packets_b_to_a: exactCount(back.packets),
      bytes_b_to_a: exactCount(back.bytes),
      first_ns: text(first, first),
      last_ns: text(last, first),
    },
    {
      first_ns_a_to_b: text(out.first, out.first),
      last_ns_a_to_b: text(out.last, out.first),
      first_ns_b_to_a: text(back.first, back.first),
      last_ns_b_to_a: text(back.last, back.first),
    },
  ];
}

/** Tells how many endpoints there are, and those with the most traffic: by packets when that is the order, else by bytes. */
export function rankedEndpoints(kernel: Kernel): Pick<CaptureFacts, 'endpoints_total' | 'endpoints'> {
  const { exports, view } = kernel;
  const at = exports.bestTalkers.value >>> 0;
  const rows: EndpointRow[] = [];
  for (let i = 0; i < exports.bestTalkersCount.value; i++) {
    const row = view.getUint32(at + 4 * i, true);
    const cell = (offset: number): bigint => view.getBigUint64(row + offset, true);
    rows.push({
      address: formatAddress(addressBytes(cell(16) === 6n, cell(0), cell(8))),
      packets: exactCount(cell(56)),
      bytes: exactCount(cell(64)),
      packets_sent: exactCount(cell(24)),
      bytes_sent: exactCount(cell(32)),
      packets_received: exactCount(cell(40)),
      bytes_received: exactCount(cell(48)),
    });
  }
  return { endpoints_total: exactCount(exports.endpointsTotal()), endpoints: rows };
}
