import { connect, credsAuthenticator, nkeyAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { TriremeError } from '../common/errors.js';
import type { Logger } from '../common/logging.js';
import { reconnectMs, requestMsMax } from './limits.js';
import { natsFiles, natsName, type NatsFiles, type NatsSettings } from './nats-url.js';

/**
 * Connects to NATS, and from then on again and again for ever. This module brings the NATS client: it is loaded late,
 * only where NATS is used.
 * @param wait true: also the first connection is tried for ever (a role that must start without NATS)
 * Throws UNREACHABLE or UNAUTHENTICATED in words that hold no credentials.
 */
export async function connectNats(
  settings: NatsSettings,
  name: string,
  wait: boolean,
  files: NatsFiles = natsFiles(),
): Promise<NatsConnection> {
  const { servers, user, pass, token } = settings;
  try {
    return await connect({
      servers: [...servers],
      name,
      timeout: requestMsMax,
      reconnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: reconnectMs,
      waitOnFirstConnect: wait,
      // Credentials that were changed on the server are no reason to give up: they may be changed back.
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
      ...(user === null ? {} : { user, pass: pass ?? '' }),
      ...(token === null ? {} : { token }),
      ...authenticatorOf(files),
      ...tlsOf(settings, files),
    });
  } catch (error) {
    const { name: kind, message } = error as Error;
    const refused = /authorization|authentication|user jwt|expired/i.test(`${kind} ${message}`);
    throw new TriremeError(
      refused ? 'UNAUTHENTICATED' : 'UNREACHABLE',
      `${natsName(settings)}: ${refused ? 'refuses the credentials' : 'cannot be reached'}: ${message}`,
      { cause: error },
    );
  }
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
  if (creds !== null) return { authenticator: credsAuthenticator(creds) };
  return nkeySeed === null ? {} : { authenticator: nkeyAuthenticator(trimmed(nkeySeed)) };
}

function tlsOf({ tls }: NatsSettings, { ca, cert, key }: NatsFiles): object {
  if (!tls && ca === null && cert === null) return {};
  const given = { ca, cert, key };
  return { tls: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)) };
}

function trimmed(seed: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(seed).toString().trim());
}
