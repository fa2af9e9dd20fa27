import { TriremeError } from '../common/errors.js';
import { withoutUser } from '../common/options.js';
import { readSmallFile } from '../common/small-file.js';

/** Where a NATS cluster is and what is shown to it. */
export interface NatsSettings {
  /** `H:P` of each server. */
  readonly servers: readonly string[];
  /** Encrypt, as `tls://` asks; a server may ask for it too. */
  readonly tls: boolean;
  readonly user: string | null;
  readonly pass: string | null;
  readonly token: string | null;
}

const portDefault = 4222;

/** Whether an option's value names NATS rather than a folder or an address. */
export function isNatsUrl(text: string): boolean {
  return /^(nats|tls):\/\//i.test(text);
}

/**
 * Reads `nats://[USER:PASS@|TOKEN@]H[:P][,H[:P]...]`; `tls://` encrypts. Throws USAGE, and not commander's
 * own error for values: commander would repeat the value with the password in it.
 */
export function natsUrl(text: string): NatsSettings {
  const match = /^(nats|tls):\/\/(?:([^@]*)@)?(.+)$/i.exec(text);
  const refuse = (): TriremeError =>
    new TriremeError('USAGE', `'${withoutUser(text)}' is not nats://HOST:PORT[,HOST:PORT...] with ports up to 65535`);
  if (match === null) throw refuse();
  const servers = match[3].split(',').map((server) => {
    // Each may repeat scheme and user, as the nats tool writes them.
    const plain = server
      .replace(/^(nats|tls):\/\//i, '')
      .replace(/^[^@]*@/, '')
      .replace(/\/$/, '');
    const parts = /^(\[[0-9a-fA-F:.%]+\]|[\w.-]+)(?::(\d{1,5}))?$/.exec(plain);
    if (parts === null || Number(parts[2] ?? portDefault) > 65_535) throw refuse();
    return `${parts[1]}:${parts[2] ?? portDefault}`;
  });
  const colon = match[2]?.indexOf(':') ?? -1;
  const decoded = (part: string | undefined): string | null => (part === undefined ? null : decodeURIComponent(part));
  return {
    servers,
    tls: match[1].toLowerCase() === 'tls',
    user: colon < 0 ? null : decoded(match[2].slice(0, colon)),
    pass: colon < 0 ? null : decoded(match[2].slice(colon + 1)),
    token: colon < 0 ? decoded(match[2]) : null,
  };
}

/** Names the servers for people, without what is secret. */
export function natsName({ servers, tls }: NatsSettings): string {
  return `${tls ? 'tls' : 'nats'}://${servers.join(',')}`;
}

/**
 * User and password, or token: those of the URL, else those of the variables NATS_USER, NATS_PASSWORD and NATS_TOKEN.
 */
export function natsUser(
  { user, pass, token }: NatsSettings,
  env: NodeJS.ProcessEnv = process.env,
): Pick<NatsSettings, 'user' | 'pass' | 'token'> {
  if (user !== null || token !== null) return { user, pass, token };
  const said = (name: string): string | null => env[name] || null;
  return { user: said('NATS_USER'), pass: said('NATS_PASSWORD'), token: said('NATS_TOKEN') };
}

/** Credentials and certificates by the variables of the nats tool; contents of the files that they name. */
export interface NatsFiles {
  readonly creds: Uint8Array | null;
  readonly nkeySeed: Uint8Array | null;
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

/**
 * Reads the files that NATS_CREDS, NATS_NKEY, NATS_CA, NATS_CERT and NATS_KEY name. Throws USAGE for one that
 * cannot be.
 */
export function natsFiles(env: NodeJS.ProcessEnv = process.env): NatsFiles {
  const read = (name: string): Buffer | null => {
    const path = env[name];
    if (path === undefined || path === '') return null;
    try {
      return readSmallFile(path);
    } catch (error) {
      throw new TriremeError('USAGE', `${name}=${path}: ${(error as Error).message}`, { cause: error });
    }
  };
  const text = (name: string): string | null => read(name)?.toString() ?? null;
  return {
    creds: read('NATS_CREDS'),
    nkeySeed: read('NATS_NKEY'),
    ca: text('NATS_CA'),
    cert: text('NATS_CERT'),
    key: text('NATS_KEY'),
  };
}
