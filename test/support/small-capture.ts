import { address4, classicCapture, frame, ipv4, linkTypes, protocols, tcp, udp } from './capture-builder.js';

/** One packet of a small capture: who sends to whom, as last bytes of 10.0.0.x, and the ports. */
interface SmallPacket {
  readonly from: number;
  readonly to: number;
  readonly ports: readonly [number, number];
  readonly udp?: boolean;
}

/** A classic Ethernet capture of these packets, one a second. */
export function smallCapture(packets: readonly SmallPacket[]): Uint8Array {
  return classicCapture(
    packets.map(({ from, to, ports: [source, target], udp: isUdp }) => {
      const ports = { source, target };
      const packet = ipv4({
        source: address4(from),
        target: address4(to),
        protocol: isUdp ? protocols.udp : protocols.tcp,
        payload: isUdp ? udp(ports) : tcp(ports),
      });
      return { bytes: frame(linkTypes.ethernet, 4, packet) };
    }),
  );
}

/** Five packets: four of TCP, three of them between 10.0.0.1:1024 and 10.0.0.2:80, and one of UDP. */
export const fivePackets: readonly SmallPacket[] = [
  { from: 1, to: 2, ports: [1024, 80] },
  { from: 2, to: 1, ports: [80, 1024] },
  { from: 1, to: 2, ports: [1024, 80] },
  { from: 3, to: 2, ports: [1025, 80] },
  { from: 3, to: 4, ports: [53, 53], udp: true },
];

/** Many packets of many conversations, for what needs a longer file. */
export function manyPackets(count: number): SmallPacket[] {
  return Array.from({ length: count }, (_, i) => ({
    from: (i * 7) % 251,
    to: 1000 + ((i * 13) % 509),
    ports: [1024 + (i % 997), i % 3 === 0 ? 53 : 443] as const,
    udp: i % 3 === 0,
  }));
}
