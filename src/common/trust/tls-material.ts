import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates } from 'node:tls';
import { TriremeError } from '../errors.js';
import { readSmallFile } from '../small-file.js';
import type { TlsFiles } from './options.js';

/** Certificate, key and authority as PEM, in the form that tls and http2 take. */
export interface TlsContext {
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly ca?: Buffer;
}

/**
 * TLS 1.2 with forward secrecy is the oldest that is not broken; Node's own default says the same, this says it here.
 */
export const tlsVersionMin = 'TLSv1.2';

/** The files of one side, read and checked. They can be read again; what is open keeps what it was opened with. */
export class TlsMaterial {
  private readonly listeners = new Set<(context: TlsContext) => void>();
  private present: TlsContext;

  /** @throws TriremeError FILE_UNREADABLE or USAGE that names the option and the file */
  constructor(private readonly files: TlsFiles) {
    this.present = load(files);
  }

  get context(): TlsContext {
    return this.present;
  }

  /** Reads the files again. When that fails the old ones stay. @throws as the constructor */
  reload(): void {
    this.present = load(this.files);
    for (const listener of this.listeners) listener(this.present);
  }

  onChange(listener: (context: TlsContext) => void): void {
    this.listeners.add(listener);
  }

  /** Fails when the own certificate is not valid now: all who dial would refuse it. */
  checkDates(nowMs: number): void {
    const wrong = this.datesWrong(nowMs);
    if (wrong !== null) throw new TriremeError('USAGE', wrong);
  }

  /** What is wrong with the dates of the own certificate, or null. */
  datesWrong(nowMs: number): string | null {
    if (this.present.cert === undefined) return null;
    const { validFrom, validTo } = new X509Certificate(this.present.cert);
    if (nowMs > Date.parse(validTo)) return `--tls-cert ${this.files.cert}: expired on ${validTo}`;
    if (nowMs < Date.parse(validFrom)) return `--tls-cert ${this.files.cert}: not valid before ${validFrom}`;
    return null;
  }
}

function load({ cert, key, ca }: TlsFiles): TlsContext {
  const context = {
    ...(cert === null ? {} : { cert: read('--tls-cert', cert) }),
    ...(key === null ? {} : { key: read('--tls-key', key) }),
    ...(ca === null ? {} : { ca: read('--tls-ca', ca) }),
  };
  if (context.ca !== undefined) parse('--tls-ca', ca, () => new X509Certificate(context.ca!));
  if (context.cert !== undefined && context.key !== undefined) {
    const own = parse('--tls-cert', cert, () => new X509Certificate(context.cert!));
    const secret = parse('--tls-key', key, () => createPrivateKey(context.key!));
    if (!own.checkPrivateKey(secret))
      throw new TriremeError('USAGE', `--tls-key ${key} is not the key of --tls-cert ${cert}`);
  }
  parse('--tls-cert', cert ?? ca, () => createSecureContext(context));
  return Object.freeze(context);
}

function read(option: string, path: string): Buffer {
  try {
    return readSmallFile(path);
  } catch (error) {
    throw new TriremeError('FILE_UNREADABLE', `${option} ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function parse<T>(option: string, path: string | null, how: () => T): T {
  try {
    return how();
  } catch (error) {
    throw new TriremeError('USAGE', `${option} ${path}: no PEM that can be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** What OpenSSL says, without the codes, functions and lines of its own source that it wraps around it. */
export function plainWords(message: string): string {
  return message
    .replace(/[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):[^\s:]*:\d+:(SSL alert number \d+)?/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
}

/**
 * Where bin/trireme puts NODE_EXTRA_CA_CERTS for commands that seldom connect: Node would parse the file at each start.
 */
const variable = 'TRIREME_EXTRA_CA_CERTS';

/**
 * The authorities to trust where no others are named, as PEM: those of Node and those of NODE_EXTRA_CA_CERTS.
 * Undefined: those that Node trusts by itself. A file that cannot be read is left out with a warning, as by
 * Node.
 */
export function extraAuthorities(env: NodeJS.ProcessEnv = process.env): Buffer | undefined {
  const file = env[variable] ?? '';
  if (file === '') return undefined;
  try {
    return Buffer.concat([Buffer.from(`${rootCertificates.join('\n')}\n`), readFileSync(file)]);
  } catch (error) {
    process.emitWarning(`NODE_EXTRA_CA_CERTS ${file} is left out: ${(error as Error).message}`);
    return undefined;
  }
}
