import { tunnelTypes } from '../../../src/pcap/tunnel-types.js';
import { addressText, endpointText } from './address-text.js';
import { classify } from './conversations.js';
import { readIp } from './ip-layer.js';
import type { OraclePacket, OracleReading } from './result.js';
import { insideOf, type OracleLayer } from './tunnels.js';

/** One conversation of the innermost IP headers, as a row of the report with --inner. */
interface InnerRow {
  readonly proto: 'tcp' | 'udp';
  readonly version: 4 | 6;
  readonly ends: readonly [Buffer, Buffer];
  readonly networks: readonly OracleLayer[];
  readonly packets: [number, number];
  readonly bytes: [number, number];
  /** Paths of each direction, by their text. */
  readonly paths: [Map<string, readonly OracleLayer[]>, Map<string, readonly OracleLayer[]>];
}

/** Where a packet counts: the header that names its addresses, and the tunnels around that. */
function counted(packet: OraclePacket): { version: 4 | 6; ip: ReturnType<typeof readIp>; path: OracleLayer[] } | null {
  const { layers, innermost } = insideOf(packet);
  if (innermost !== null) {
    const { version, bytes, around } = innermost;
    return { version, ip: readIp(version, bytes), path: layers.slice(0, around) };
  }
  const { family, ip } = classify(packet);
  return ip === null ? null : { version: family === 'ipv4' ? 4 : 6, ip, path: [] };
}

const namesNetwork = ({ type, ids }: OracleLayer): boolean =>
  ids.length > 0 && ['vxlan', 'geneve', 'gre', 'pppoe'].includes(type);

/** A path as numbers whose order, one after the other, is the order of paths. */
const sortKey = (path: readonly OracleLayer[]): number[][] =>
  path.flatMap(({ type, ids }) => {
    const number = tunnelTypes.indexOf(type as (typeof tunnelTypes)[number]);
    return ids.length === 0 ? [[number, 0, 0, 0]] : ids.map((id, i) => [number, i > 0 ? 1 : 0, 1, id]);
  });

function comparePaths(x: readonly OracleLayer[], y: readonly OracleLayer[]): number {
  const [left, right] = [sortKey(x).flat(), sortKey(y).flat()];
  const at = left.findIndex((value, i) => value !== right[i]);
  return at < 0 ? left.length - right.length : right[at] === undefined ? 1 : left[at] - right[at];
}

const numberNames: Record<string, string> = { vxlan: 'vni', geneve: 'vni', gre: 'key', gtpu: 'teid' };

function asTold(path: readonly OracleLayer[]): object[] {
  return path.map(({ type, ids }) => {
    if (type === 'mpls') return { type, labels: ids };
    return ids.length === 0 ? { type } : { type, [numberNames[type] ?? 'session']: ids[0] };
  });
}

/** Every conversation, in the order of a report by bytes. */
export function innerConversations(reading: OracleReading): object[] {
  const rows = new Map<string, InnerRow>();
  for (const packet of reading.packets) {
    const found = counted(packet);
    const { protocol = null, transport = null } = found?.ip ?? {};
    if (found === null || transport === null || transport.length < 4 || (protocol !== 6 && protocol !== 17)) continue;
    const { ip, path, version } = found;
    const source = Buffer.concat([ip.source, transport.subarray(0, 2)]);
    const target = Buffer.concat([ip.target, transport.subarray(2, 4)]);
    const forward = Buffer.compare(source, target) <= 0;
    const ends: [Buffer, Buffer] = forward ? [source, target] : [target, source];
    const networks = path.filter(namesNetwork);
    const proto = protocol === 6 ? 'tcp' : 'udp';
    const key = [proto, version, ...ends.map((end) => end.toString('hex')), JSON.stringify(networks)].join(' ');
    const row: InnerRow = rows.get(key) ?? {
      ...{ proto, version, ends, networks, packets: [0, 0], bytes: [0, 0], paths: [new Map(), new Map()] },
    };
    rows.set(key, row);
    const way = forward ? 0 : 1;
    row.packets[way]++;
    row.bytes[way] += packet.originalLength;
    if (path.length > 0) row.paths[way].set(JSON.stringify(path), path);
  }
  return [...rows.values()].sort(byRank).map(describe);
}

/** Addresses that are counted as endpoints. */
export function innerEndpoints(reading: OracleReading): Map<string, number> {
  const packets = new Map<string, number>();
  for (const packet of reading.packets) {
    const found = counted(packet);
    if (found === null || found.ip.target.length < (found.version === 4 ? 4 : 16)) continue;
    const names = new Set([addressText(found.ip.source), addressText(found.ip.target)]);
    for (const name of names) packets.set(name, (packets.get(name) ?? 0) + 1);
  }
  return packets;
}

const total = ([x, y]: readonly [number, number]): number => x + y;

function byRank(x: InnerRow, y: InnerRow): number {
  return (
    total(y.bytes) - total(x.bytes) ||
    total(y.packets) - total(x.packets) ||
    (x.proto === y.proto ? 0 : x.proto === 'tcp' ? -1 : 1) ||
    x.version - y.version ||
    Buffer.compare(x.ends[0], y.ends[0]) ||
    Buffer.compare(x.ends[1], y.ends[1]) ||
    comparePaths(x.networks, y.networks)
  );
}

function describe({ proto, ends, packets, bytes, paths }: InnerRow): object {
  const told = paths.map((way) => [...way.values()].sort(comparePaths)).map(([first]) => first);
  const [a, b] = ends.map((end) => endpointText(end.subarray(0, -2), end.readUInt16BE(end.length - 2)));
  return {
    ...{ proto, a, b, packets: total(packets), bytes: total(bytes) },
    ...{ packets_a_to_b: packets[0], bytes_a_to_b: bytes[0], packets_b_to_a: packets[1], bytes_b_to_a: bytes[1] },
    tunnel_a_to_b: told[0] === undefined ? null : asTold(told[0]),
    tunnel_b_to_a: told[1] === undefined ? null : asTold(told[1]),
    tunnels_vary: paths.some((way) => way.size > 1),
  };
}
