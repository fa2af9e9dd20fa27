import type {
  FileLine,
  ReportConversation,
  ReportData,
  ReportEntry,
  ReportHealth,
  ReportSeries,
  TrafficMatrix,
} from '../../web/report/data.js';
import type { ConversationRow, FilterFacts, JoinedFailure, JoinedFile } from '../../pcap/report-types.js';
import { shortened } from '../../common/for-terminal.js';
import { sentAgain } from '../../pcap/tcp-findings.js';
import { cutNames } from '../../pcap/name-tables.js';
import type { TcpDirection, TcpHealth } from '../../pcap/tcp-types.js';
import { tunnelsOf } from '../../pcap/tunnel-paths.js';
import type { Count } from '../../pcap/types.js';
import { type Entry, hasFacts, isFailure, jsonDocument, stateOf } from '../entry.js';
import { coarsenSeries } from '../files/fit-series.js';
import type { PairRow } from '../files/pairs.js';
import {
  boundsFor,
  filesListedMax,
  filesShownMax,
  textLengthMax,
  tunnelLengthMax,
  type ReportBounds,
} from './report-bounds.js';

/** An entry, and what was summed from its conversations before they were cut to the rows of a table. */
export interface KeptEntry {
  readonly entry: Entry;
  readonly pairs: readonly PairRow[];
  /** Null for an entry without counts. */
  readonly matrix: TrafficMatrix | null;
  /** The series without its long empty stretches, where that is worth it. */
  readonly folded?: ReportSeries | null;
}

/** Cuts what is known of every file to what a page holds. */
export function reportDataOf(kept: readonly KeptEntry[], sort: string, bits: boolean): ReportData {
  const { schemaVersion, total } = jsonDocument(kept.map(({ entry }) => entry));
  const shown = kept.slice(0, filesShownMax);
  const bounds = boundsFor(kept.length);
  return {
    schemaVersion,
    results: shown.map(({ entry, folded }) => boundEntry(entry, bounds, folded ?? null)),
    total,
    extras: shown.map(({ entry, matrix }) => ({
      matrix,
      protocolsLeftOut: hasFacts(entry) ? Math.max(0, entry.protocols.length - bounds.protocolRows) : 0,
    })),
    ...filesOf(kept),
    sort,
    bits,
  };
}

function boundEntry(entry: Entry, bounds: ReportBounds, folded: ReportSeries | null): ReportEntry {
  const file = shortened(entry.file, textLengthMax);
  if (!hasFacts(entry)) return { ...entry, file, error_detail: shortened(entry.error_detail ?? '', textLengthMax) };
  const { top_times: _notShown, files: _rows, files_skipped: _skipped, ...facts } = entry;
  return {
    ...facts,
    ...(facts.filter === undefined ? {} : { filter: shortFilter(facts.filter) }),
    file,
    link_types: Object.fromEntries(Object.entries(entry.link_types).slice(0, bounds.protocolRows)),
    top: entry.top.slice(0, bounds.tableRows).map(entry.inner === true ? withTunnels : withoutId),
    endpoints: [...entry.endpoints.slice(0, bounds.tableRows)],
    protocols: entry.protocols.slice(0, bounds.protocolRows),
    tunnels: entry.tunnels.slice(0, bounds.tunnelRows),
    ...(entry.names === undefined ? {} : { names: cutNames(entry.names, bounds.nameRows) }),
    series: folded ?? (entry.series === undefined ? undefined : coarsenSeries(entry.series, bounds.seriesPoints)),
  };
}

/** The page has no column for it. */
function withoutId({ community_id: _id, tcp, ...row }: ConversationRow): ReportConversation {
  return tcp === undefined ? row : { ...row, health: tcp === null ? null : healthOf(tcp) };
}

function healthOf({ a_to_b, b_to_a, round_trip_ns }: TcpHealth): ReportHealth {
  const both = (of: (way: TcpDirection) => Count): number => Number(of(a_to_b)) + Number(of(b_to_a));
  return {
    resent: both(sentAgain),
    gaps: both(({ gaps }) => gaps),
    zero_windows: both(({ zero_windows }) => zero_windows),
    round_trip_ns: round_trip_ns === null ? null : Number(round_trip_ns),
  };
}

/** The tunnels of a row as one short text. */
function withTunnels(row: ConversationRow): ReportConversation {
  const { tunnel_a_to_b: _out, tunnel_b_to_a: _back, tunnels_vary: _vary, ...rest } = withoutId(row);
  return { ...rest, tunnels: shortened(tunnelsOf(row), tunnelLengthMax) };
}

function shortFilter(filter: FilterFacts): FilterFacts {
  return { ...filter, expression: filter.expression === null ? null : shortened(filter.expression, textLengthMax) };
}

function filesOf(kept: readonly KeptEntry[]): Pick<ReportData, 'files' | 'filesTotal' | 'joined'> {
  const rows = kept.length === 1 ? kept[0].entry.files : undefined;
  if (rows !== undefined)
    return { files: rows.slice(0, filesListedMax).map(joinedLine), filesTotal: rows.length, joined: true };
  const files = kept.length === 1 ? [] : kept.slice(0, filesListedMax).map(({ entry }) => fileLine(entry));
  return { files, filesTotal: kept.length, joined: false };
}

function fileLine(entry: Entry): FileLine {
  const facts = hasFacts(entry) ? entry : { packets: 0, original_bytes: 0, conversations: 0 };
  const note = entry.error !== null ? entry.error : hasFacts(entry) && entry.truncated ? 'cut short' : null;
  return {
    file: shortened(entry.file, textLengthMax),
    packets: facts.packets,
    bytes: facts.original_bytes,
    conversations: facts.conversations,
    gap_ns: null,
    note,
  };
}

function joinedLine(row: JoinedFile | JoinedFailure): FileLine {
  const state = stateOf(row);
  const note = state === 'whole' ? null : state;
  const file = shortened(row.file, textLengthMax);
  if (isFailure(row)) return { file, packets: 0, bytes: 0, conversations: null, gap_ns: null, note };
  return { file, packets: row.packets, bytes: row.captured_bytes, conversations: null, gap_ns: row.gap_ns, note };
}
