import { X509Certificate } from 'node:crypto';
import { connect, credsAuthenticator, nkeyAuthenticator, nkeys, type NatsConnection } from '@nats-io/transport-node';
import { TriremeError } from '../common/errors.js';
import { extraAuthorities } from '../common/trust/tls-material.js';
import type { Logger } from '../common/logging.js';
import { explainTls } from './explain.js';
import { natsFiles, natsName, natsUser, type NatsFiles, type NatsSettings } from './nats-url.js';

/** Time for one attempt to connect, and for one request of JetStream. */
const requestMsMax = 5_000;

/** Wait between attempts to connect again, which never end: a NATS that was away for an hour is used again at once. */
const reconnectMs = 500;

/**
 * Connects to NATS, and from then on again and again for ever; the first attempt is one alone, whose end a
 * caller that must start without NATS awaits and tries again: an attempt without end would keep the process
 * from ending. This module brings the NATS client: it is loaded late, only where NATS is used. Throws
 * UNREACHABLE, UNAUTHENTICATED or USAGE in words that hold no credentials.
 */
export async function connectNats(
  settings: NatsSettings,
  name: string,
  files: NatsFiles = natsFiles(),
): Promise<NatsConnection> {
  const { servers } = settings;
  const { user, pass, token } = natsUser(settings);
  const proof = { ...authenticatorOf(files), ...tlsOf(settings, files) };
  try {
    return await connect({
      servers: [...servers],
      name,
      timeout: requestMsMax,
      reconnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: reconnectMs,
      // Credentials that were changed on the server are no reason to give up: they may be changed back.
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
      ...(user === null ? {} : { user, pass: pass ?? '' }),
      ...(token === null ? {} : { token }),
      ...proof,
    });
  } catch (error) {
    // A server may ask for TLS where the URL does not; the client takes authorities only where it is told to encrypt.
    const untrusted = /certificate|self.signed/i.test((error as Error).message) && extraAuthorities() !== undefined;
    if (untrusted && !settings.tls) return connectNats({ ...settings, tls: true }, name, files);
    throw await explained(error as Error, settings, files);
  }
}

async function explained(error: Error, settings: NatsSettings, files: NatsFiles): Promise<TriremeError> {
  const { name: kind } = error;
  // Those of OpenSSL have several lines.
  const message = error.message.trim().replace(/\s+/g, ' ');
  const at = natsName(settings);
  if (/authorization|authentication|user jwt|expired/i.test(`${kind} ${message}`) && !/certificate/i.test(message)) {
    return new TriremeError('UNAUTHENTICATED', `${at}: refuses the credentials: ${message}`, { cause: error });
  }
  // An alert is what the server says against us; that it does not always reach the client is what takes the time.
  if (/timeout| alert /i.test(message)) {
    const why = (await explainTls(settings, files)) ?? message;
    return new TriremeError('UNREACHABLE', `${at}: cannot be reached: ${why}`, { cause: error });
  }
  if (/certificate|self.signed|altname/i.test(message)) {
    const hint =
      files.ca === null ? ' (NATS_CA names the file with its authority)' : ' (the authority is that of NATS_CA)';
    return new TriremeError('UNREACHABLE', `${at}: its certificate is not trusted: ${message}${hint}`, {
      cause: error,
    });
  }
  return new TriremeError('UNREACHABLE', `${at}: cannot be reached: ${message}`, { cause: error });
}

/** Logs when NATS goes and when it is back. */
export function watchNats(nats: NatsConnection, log: Logger): void {
  void (async () => {
    for await (const { type } of nats.status()) {
      if (type === 'reconnect') log.info({ server: nats.getServer() }, 'NATS is back');
      else if (type === 'disconnect') log.warn('NATS is gone; trying again for ever');
    }
  })();
}

function authenticatorOf({ creds, nkeySeed }: NatsFiles): object {
  if (creds !== null) {
    const authenticator = credsAuthenticator(creds);
    usable('NATS_CREDS', 'credentials', () => authenticator('a nonce'));
    return { authenticator };
  }
  if (nkeySeed === null) return {};
  const seed = trimmed(nkeySeed);
  usable('NATS_NKEY', 'seed of an nkey', () => nkeys.fromSeed(seed));
  return { authenticator: nkeyAuthenticator(seed) };
}

function tlsOf({ tls }: NatsSettings, { ca, cert, key }: NatsFiles): object {
  if ((cert === null) !== (key === null)) {
    throw new TriremeError('USAGE', 'NATS_CERT and NATS_KEY name a certificate and its key: give both or neither');
  }
  if (ca !== null) usable('NATS_CA', 'certificate', () => new X509Certificate(ca));
  if (cert !== null) usable('NATS_CERT', 'certificate', () => new X509Certificate(cert));
  if (!tls && ca === null && cert === null) return {};
  const given = { ca: ca ?? extraAuthorities() ?? null, cert, key };
  return { tls: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)) };
}

/** What a file holds, or an error that names the variable and tells nothing of what is in the file. */
function usable<T>(variable: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const named = `${variable}=${process.env[variable] ?? ''}`;
    throw new TriremeError('USAGE', `${named}: holds no ${what} that can be read`, { cause: error });
  }
}

function trimmed(seed: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(seed).toString().trim());
}
