import { TriremeError } from '../common/errors.js';
import { enterNetns, netnsByNsid, ownNetns, type NetworkNamespace } from './netns.js';
import { mustRun, runTool } from './tools.js';

/** What `ip -j -d link` says of an interface, as far as the labs ask. */
export interface Link {
  readonly ifindex: number;
  readonly ifname: string;
  readonly address?: string;
  /** Interface index of the other end, for a veth. */
  readonly link_index?: number;
  /** Our name of the namespace of the other end; absent when it is our own. */
  readonly link_netnsid?: number;
  readonly linkinfo?: { readonly info_kind?: string };
  /** mode: 1 native, 2 generic, 3 offloaded, 4 several. */
  readonly xdp?: { readonly mode: number; readonly prog?: { readonly id: number; readonly name?: string } };
}

const xdpModes = ['none', 'native', 'generic', 'offloaded', 'several'] as const;

export function xdpModeName(mode: number): string {
  return xdpModes[mode] ?? `mode ${mode}`;
}

export async function listLinks(enter: readonly string[] = []): Promise<Link[]> {
  return JSON.parse(await mustRun('list interfaces', [...enter, 'ip', '-j', '-d', 'link', 'show'])) as Link[];
}

/** The interface of this name in our namespace; USAGE with the ones that exist when there is none. */
export async function requireLink(ifname: string): Promise<Link> {
  const links = await listLinks();
  const link = links.find((entry) => entry.ifname === ifname);
  if (link !== undefined) return link;
  const names = links.map((entry) => entry.ifname).join(', ');
  throw new TriremeError('USAGE', `--iface: there is no interface '${ifname}' here; there are ${names}`);
}

/** IPv4 addresses of an interface, in the order of the kernel. */
export async function ipv4Addresses(ifname: string): Promise<string[]> {
  const result = await runTool(['ip', '-j', '-4', 'addr', 'show', 'dev', ifname]);
  if (result.exitCode !== 0 || result.stdout.trim() === '') return [];
  const rows = JSON.parse(result.stdout) as { addr_info?: { local: string }[] }[];
  return rows.flatMap((row) => row.addr_info ?? []).map(({ local }) => local);
}

/** The other end of a veth pair, and where it is. */
export interface Peer {
  readonly link: Link;
  readonly namespace: NetworkNamespace;
}

/** The other end of a veth; `no-veth` for other links, `unreachable` when its namespace cannot be entered from here. */
export async function findPeer(link: Link): Promise<Peer | 'no-veth' | 'unreachable'> {
  if (link.linkinfo?.info_kind !== 'veth' || link.link_index === undefined) return 'no-veth';
  const namespace: NetworkNamespace | undefined =
    link.link_netnsid === undefined
      ? { inode: ownNetns(), path: '/proc/self/ns/net', label: 'this one' }
      : await netnsByNsid(link.link_netnsid);
  if (namespace === undefined) return 'unreachable';
  const peer = (await listLinks(enterNetns(namespace)).catch(() => [])).find(
    ({ ifindex }) => ifindex === link.link_index,
  );
  return peer === undefined ? 'unreachable' : { link: peer, namespace };
}
