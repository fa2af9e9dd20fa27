import { rareHosts, rarePorts } from './capture.js';

export interface Question {
  readonly name: string;
  readonly filter: string;
  /** The same as a display filter of tshark; null: it is not asked. */
  readonly display: string | null;
  /** tcpdump compiles it in seconds. */
  readonly forTcpdump: boolean;
}

const hosts = (count: number): string =>
  Array.from({ length: count }, (_, i) => `host 10.0.${(i * 2) >> 8}.${(i * 2) & 255}`).join(' or ');

export const rareConnection = `host ${rareHosts[0]} and host ${rareHosts[1]} and port ${rarePorts[0]} and port ${rarePorts[1]}`;

export const questions: readonly Question[] = [
  { name: 'a port', filter: 'tcp port 443', display: 'tcp.port == 443', forTcpdump: true },
  {
    name: 'host and port',
    filter: 'host 10.0.3.7 and port 443',
    display: 'ip.addr == 10.0.3.7 && tcp.port == 443',
    forTcpdump: true,
  },
  { name: '50 hosts', filter: hosts(50), display: null, forTcpdump: true },
  { name: '1,500 hosts', filter: hosts(1500), display: null, forTcpdump: false },
  { name: 'flags', filter: 'tcp[tcpflags] & tcp-syn != 0', display: 'tcp.flags.syn == 1', forTcpdump: true },
  { name: 'vlan', filter: 'vlan and ip', display: 'vlan && ip', forTcpdump: true },
  { name: 'one connection', filter: rareConnection, display: null, forTcpdump: true },
];
