import { createCipheriv, createHmac, hkdfSync } from 'node:crypto';
import { join, net, u8, zeros } from './bytes.js';
import { classicCapture, type ClassicRecord } from './classic-capture.js';
import { endsOf } from './client-ends.js';
import { frame, linkTypes } from './frames.js';
import { ipv4, ipv6, protocols, udp } from './packets.js';

export interface QuicVersion {
  readonly version: number;
  readonly salt: string;
  readonly label: string;
  /** First byte of an Initial packet with a number of four bytes. */
  readonly first: number;
}

/** RFC 9001, 5.2 and RFC 9369, 3.2, 3.3. */
export const quic1: QuicVersion = {
  ...{ version: 1, salt: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a', label: 'quic', first: 0xc3 },
};
export const quic2: QuicVersion = {
  ...{ version: 0x6b3343cf, salt: '0dede3def700a6db819381be6e269dcbf9bd2ed9', label: 'quicv2', first: 0xd3 },
};

const labelled = (label: string, length: number): Uint8Array =>
  join(net.u16(length), u8(6 + label.length), Buffer.from(`tls13 ${label}`), u8(0));

type Side = 'client' | 'server';

function keysOf({ salt, label }: QuicVersion, id: Uint8Array, side: Side): Buffer[] {
  const secret = Buffer.from(hkdfSync('sha256', id, Buffer.from(salt, 'hex'), labelled(`${side} in`, 32), 32));
  return [['key', 16] as const, ['iv', 12] as const, ['hp', 16] as const].map(([name, length]) =>
    createHmac('sha256', secret)
      .update(join(labelled(`${label} ${name}`, length), u8(1)))
      .digest()
      .subarray(0, length),
  );
}

export interface InitialForm {
  readonly quic?: QuicVersion;
  /** Of which the keys are made. */
  readonly id: Uint8Array;
  /** That stands in the header; the same by default. */
  readonly targetId?: Uint8Array;
  readonly number?: number;
  readonly frames: Uint8Array;
  readonly token?: Uint8Array;
  readonly side?: Side;
}

/** An Initial packet, its number in four bytes (RFC 9001, 5.3, 5.4). */
export function initialPacket(form: InitialForm): Uint8Array {
  const { quic = quic1, id, targetId = id, number = 0, frames, token = zeros(0), side = 'client' } = form;
  const [key, iv, hp] = keysOf(quic, id, side);
  const header = Buffer.from(
    join(
      ...[u8(quic.first), net.u32(quic.version), u8(targetId.length), targetId, u8(0), u8(token.length), token],
      ...[net.u16(0x4000 | (4 + frames.length + 16)), net.u32(number)],
    ),
  );
  iv.writeUInt32BE((iv.readUInt32BE(8) ^ number) >>> 0, 8);
  const gcm = createCipheriv('aes-128-gcm', key, iv).setAAD(header);
  const sealed = join(gcm.update(frames), gcm.final(), gcm.getAuthTag());
  const mask = createCipheriv('aes-128-ecb', hp, null).update(sealed.subarray(0, 16));
  header[0] ^= mask[0] & 15;
  for (let i = 0; i < 4; i++) header[header.length - 4 + i] ^= mask[1 + i];
  return join(header, sealed);
}

/** A frame of CRYPTO (RFC 9000, 19.6). */
export const cryptoFrame = (at: number, bytes: Uint8Array): Uint8Array =>
  join(u8(6), net.u16(0x4000 | at), net.u16(0x4000 | bytes.length), bytes);

/** Frames with padding to so many bytes. */
export const padded = (bytes: number, ...frames: Uint8Array[]): Uint8Array => {
  const joined = join(...frames);
  return join(joined, zeros(Math.max(0, bytes - joined.length)));
};

export interface UdpForm {
  readonly client: number;
  readonly back?: boolean;
  /** Of the server; 443. */
  readonly port?: number;
  readonly data: Uint8Array;
}

/** A datagram of a client, known by its number; odd ones are of IPv6. */
export function udpRecord({ client, back = false, port = 443, data }: UdpForm, snap = 65_535): ClassicRecord {
  const { six, from, to } = endsOf(client, back, port);
  const payload = udp({ source: from.port, target: to.port }, data);
  const packet = { source: from.address, target: to.address, protocol: protocols.udp, payload };
  const bytes = frame(linkTypes.ethernet, six ? 6 : 4, six ? ipv6(packet) : ipv4(packet));
  return { bytes: bytes.subarray(0, snap), originalLength: bytes.length };
}

export const udpCapture = (datagrams: readonly UdpForm[], snap?: number): Uint8Array =>
  classicCapture(datagrams.map((datagram) => udpRecord(datagram, snap)));
