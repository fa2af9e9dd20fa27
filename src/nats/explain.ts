import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { atMost } from '../common/stuck-work.js';
import type { NatsFiles, NatsSettings } from './nats-url.js';

/** Time for each step of finding out. */
const stepMsMax = 2_000;

/** After a handshake, a server that refuses our certificate says so in a message of its own. */
const alertMsMax = 500;

/**
 * Why TLS with a server comes to nothing, in words; null: it does not, or that cannot be said. The NATS
 * client only tells that time ran out when a server refuses our certificate, because that comes after its
 * handshake.
 */
export async function explainTls({ servers }: NatsSettings, files: NatsFiles): Promise<string | null> {
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(servers[0]) as RegExpExecArray;
  const socket = connectTcp(Number(port), host);
  // The bare words of the socket are told by the client already.
  socket.on('error', () => undefined);
  try {
    const hello = await atMost(
      stepMsMax,
      new Promise<string>((resolve) => socket.once('data', (b) => resolve(String(b)))),
    );
    const info = /^INFO (\{.*)/.exec(hello ?? '')?.[1] ?? '';
    if (!info.includes('"tls_required":true')) return null;
    const asks = info.includes('"tls_verify":true');
    const { ca, cert, key } = files;
    const given = Object.entries({ ca, cert, key }).filter(([, value]) => value !== null);
    const refusal = await new Promise<Error | null>((resolve) => {
      const secured = connectTls({
        socket,
        host,
        ...(isIP(host) === 0 ? { servername: host } : {}),
        ...Object.fromEntries(given),
      });
      secured.on('error', resolve);
      secured.on('close', () => resolve(null));
      secured.on('secureConnect', () => setTimeout(() => resolve(null), alertMsMax));
      setTimeout(() => resolve(null), stepMsMax).unref();
    });
    if (refusal === null) return null;
    if (!asks) return alertOf(refusal);
    return cert === null
      ? 'it asks for a certificate of ours (NATS_CERT and NATS_KEY name its files)'
      : `it does not take our certificate, which NATS_CERT names (${alertOf(refusal)})`;
  } finally {
    socket.destroy();
  }
}

/** OpenSSL's words without the numbers and names of its sources. */
function alertOf({ message }: Error): string {
  return /alert [a-z ]+/.exec(message)?.[0].trim() ?? message.trim().replace(/\s+/g, ' ');
}
