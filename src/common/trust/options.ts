import { Command, InvalidArgumentError, Option } from 'commander';
import { TriremeError } from '../errors.js';

/**
 * The options about credentials, once for all roles. This module loads no TLS and no gRPC: a local analysis
 * must not wait for them.
 */

/** What commander hands over. */
export interface TrustOptions {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly tls?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly tcpTls?: boolean;
  readonly credentials?: string;
  readonly tlsName?: string;
}

/** Where the token comes from. A file is read again on SIGHUP. */
export type TokenSource =
  { readonly from: 'text'; readonly text: string } | { readonly from: 'file'; readonly path: string };

/** PEM files. A listener has a certificate; a dialler may do without. */
export interface TlsFiles {
  readonly cert: string | null;
  readonly key: string | null;
  /** Whose certificates the other side must have; null: a listener asks for none, a dialler takes the system's. */
  readonly ca: string | null;
}

/** What the code runs on: checked and frozen. Null: without. */
export interface TrustSettings {
  readonly token: TokenSource | null;
  /** File that says who may do what, in place of the one token; a listener's alone. It is read again on SIGHUP. */
  readonly credentials: string | null;
  readonly tls: TlsFiles | null;
  /** Name that the certificate of the other side must be for, in place of the host that is dialled. */
  readonly tlsName?: string;
}

export const noTrust: TrustSettings = Object.freeze({ token: null, credentials: null, tls: null });

/** Name of the environment variable that holds the token where no option does. */
export const tokenVariable = 'TRIREME_TOKEN';

/** A header of gRPC or HTTP is bounded by 16 KiB; no token needs as much as this. */
export const tokenLengthMax = 512;

/** Takes a token as it is. Refuses without repeating it: errors end up in logs. */
export function parseToken(value: string): string {
  if (/^[\x21-\x7e]+$/.test(value) && value.length <= tokenLengthMax) return value;
  throw new InvalidArgumentError(`a token is 1 to ${tokenLengthMax} printable ASCII characters without blanks`);
}

function addToken(command: Command, whose: string): Command {
  return command
    .addOption(
      new Option('--token <token>', `${whose}; others see it in the list of processes, so better: ${tokenVariable}`)
        .argParser(parseToken)
        .conflicts('tokenFile'),
    )
    .option('--token-file <file>', 'file with the token, read again on SIGHUP');
}

/** Adds the options of a role that listens on loopback alone. */
export function addLoopbackTrust(command: Command): Command {
  return addToken(command, 'token that everyone must present')
    .option('--tls-cert <file>', 'certificate (PEM) of this role: its ports are encrypted; read again on SIGHUP')
    .option('--tls-key <file>', 'private key of --tls-cert')
    .option('--tls-ca <file>', 'require certificates of this authority from everyone (mutual TLS)');
}

/** Adds the options of a role that listens. */
export function addListenerTrust(command: Command): Command {
  return addLoopbackTrust(command)
    .option(
      '--credentials <file>',
      'who may do what, instead of one token for all: lines ROLE[,ROLE] NAME SECRET, with the roles worker, client and ' +
        "operator; SECRET is a token, 'sha256:' and its hash, or 'certificate' for one of that name; read again on SIGHUP",
    )
    .option('--insecure', 'allow listening on other addresses than loopback, without credentials', false);
}

/** Adds the options of a role that dials. */
export function addDiallerTrust(command: Command): Command {
  return addToken(command, 'token to present')
    .option('--tls', `encrypt, and trust the system's authorities`)
    .option('--tls-ca <file>', 'encrypt, and trust this authority (PEM)')
    .option('--tls-cert <file>', 'certificate to present (PEM), for mutual TLS')
    .option('--tls-key <file>', 'private key of --tls-cert')
    .option('--tls-name <name>', 'name in the certificate of the other side, where it is not the host that is dialled');
}

const usage = (message: string): TriremeError => new TriremeError('USAGE', message);

/** Checks what only several options together can get wrong. @throws TriremeError USAGE */
export function compileListenerTrust(options: TrustOptions, env: NodeJS.ProcessEnv = process.env): TrustSettings {
  checkPair(options);
  const { tlsCert = null, tlsKey = null, tlsCa = null } = options;
  if (tlsCert === null) {
    if (tlsCa !== null) throw usage(`--tls-ca ${tlsCa} needs --tls-cert and --tls-key: a TLS listener has both`);
    if (options.tcpTls === true) throw usage('--tcp-tls needs --tls-cert and --tls-key');
  }
  const { credentials, token, tokenFile } = options;
  if (credentials !== undefined && (token ?? tokenFile) !== undefined)
    throw usage(
      `--credentials ${credentials} says who may do what, and ${token === undefined ? '--token-file' : '--token'} is one ` +
        `token that may do all: leave it out, or make it a line of that file`,
    );
  return settings(options, env, tlsCert === null ? null : { cert: tlsCert, key: tlsKey, ca: tlsCa });
}

/** Checks what only several options together can get wrong. @throws TriremeError USAGE */
export function compileDiallerTrust(options: TrustOptions, env: NodeJS.ProcessEnv = process.env): TrustSettings {
  checkPair(options);
  const { tls = false, tlsCert = null, tlsKey = null, tlsCa = null } = options;
  const encrypted = tls || tlsCa !== null;
  if (tlsCert !== null && !encrypted)
    throw usage(`--tls-cert ${tlsCert} needs --tls-ca FILE, or --tls for the system's authorities`);
  const { tlsName } = options;
  if (tlsName !== undefined && !encrypted)
    throw usage(`--tls-name ${tlsName} is about a certificate: it needs --tls-ca (or --tls)`);
  const compiled = settings(options, env, encrypted ? { cert: tlsCert, key: tlsKey, ca: tlsCa } : null);
  return tlsName === undefined ? compiled : Object.freeze({ ...compiled, tlsName });
}

/**
 * The same for hubs that are found by their announcements. Whoever may write to NATS can announce an address
 * of his own, so a token goes there only once a certificate of a given authority has proved whose it is: of
 * the system's authorities anyone gets one for a host of his.
 * @throws TriremeError USAGE; REFUSED_EXPOSED for a token without --tls-ca
 */
export function compileDiscoveredTrust(options: TrustOptions, env: NodeJS.ProcessEnv = process.env): TrustSettings {
  const compiled = compileDiallerTrust(options, env);
  if (compiled.token === null || (compiled.tls !== null && compiled.tls.ca !== null)) return compiled;
  const source =
    options.token !== undefined ? '--token' : options.tokenFile !== undefined ? '--token-file' : tokenVariable;
  const trusted = compiled.tls === null ? 'without TLS' : 'by any authority of the system';
  throw new TriremeError(
    'REFUSED_EXPOSED',
    `--discover and ${source}: whoever may write to NATS could announce himself and be sent the token, ${trusted}: ` +
      'add --tls-ca with the authority of the hubs, or name them by address instead of --discover, or leave the token out',
  );
}

/** True when an option about credentials was given, as opposed to the environment. */
export function trustOptionGiven({ token, tokenFile, tls, tlsCert, tlsKey, tlsCa }: TrustOptions): boolean {
  return [token, tokenFile, tls, tlsCert, tlsKey, tlsCa].some((value) => value !== undefined);
}

function checkPair({ tlsCert, tlsKey }: TrustOptions): void {
  if (tlsCert !== undefined && tlsKey === undefined) throw usage(`--tls-cert ${tlsCert} needs --tls-key`);
  if (tlsCert === undefined && tlsKey !== undefined) throw usage(`--tls-key ${tlsKey} needs --tls-cert`);
}

function settings(options: TrustOptions, env: NodeJS.ProcessEnv, tls: TlsFiles | null): TrustSettings {
  const { credentials = null } = options;
  return Object.freeze({
    // The variable may be there for those who dial from this machine: beside a file it opens nothing here.
    token: credentials === null ? tokenOf(options, env) : null,
    credentials,
    tls: tls === null ? null : Object.freeze(tls),
  });
}

function tokenOf({ token, tokenFile }: TrustOptions, env: NodeJS.ProcessEnv): TokenSource | null {
  if (token !== undefined) return { from: 'text', text: token };
  if (tokenFile !== undefined) return { from: 'file', path: tokenFile };
  const fromEnv = env[tokenVariable];
  if (fromEnv === undefined || fromEnv === '') return null;
  try {
    return { from: 'text', text: parseToken(fromEnv) };
  } catch (error) {
    throw new TriremeError('USAGE', `${tokenVariable}: ${(error as Error).message}`, { cause: error });
  }
}
