import { createHash } from 'node:crypto';
import { TriremeError } from '../errors.js';
import { parseToken } from './options.js';
import { trustRoles, type Caller, type TrustRole } from './roles.js';

/** Bytes of a file of credentials: some 10,000 lines, more than a listener has callers. */
export const credentialsBytesMax = 1024 * 1024;

const nameForm = /^[\w.@:-]{1,64}$/;
const hashForm = /^sha256:[0-9a-fA-F]{64}$/;

const digest = (token: string): string => createHash('sha256').update(token).digest('hex');

/**
 * Who may call and in which roles. Tokens are kept and looked up by their SHA-256: nobody can choose a token whose hash
 * comes near another's, so the time of a look-up tells nothing of the tokens.
 */
export class Credentials {
  private constructor(
    private readonly byDigest: ReadonlyMap<string, Caller>,
    private readonly byCertificate: ReadonlyMap<string, Caller>,
    /** False: one token for all, whose holders are not told apart. */
    readonly named: boolean,
  ) {}

  /** One token for everyone, with every role. */
  static ofToken(token: string): Credentials {
    const caller: Caller = { name: 'token', roles: trustRoles, owner: '' };
    return new Credentials(new Map([[digest(token), caller]]), new Map(), false);
  }

  /**
   * Reads lines `ROLE[,ROLE] NAME SECRET`; blank lines and those that begin with # are skipped. SECRET is a token,
   * `sha256:` and the hex SHA-256 of one, `certificate` for a certificate of that name, or `certificate:` and its name.
   * A name may stand on several lines: each is a proof of it.
   * @param where what leads an error, such as the option and the file
   * @throws TriremeError USAGE that names the line and quotes nothing of it
   */
  static parse(text: string, where: string): Credentials {
    const byDigest = new Map<string, Caller>();
    const byCertificate = new Map<string, Caller>();
    for (const [at, line] of text.split('\n').entries()) {
      if (/^\s*(#|$)/.test(line)) continue;
      const refuse = (why: string): TriremeError => new TriremeError('USAGE', `${where} line ${at + 1}: ${why}`);
      const match = /^\s*(\S+)\s+(\S+)\s+(certificate:.*\S|\S+)\s*$/.exec(line);
      if (match === null) throw refuse('a line is ROLE[,ROLE] NAME SECRET');
      const [, roleWords, name, secret] = match;
      const roles = roleWords.split(',') as TrustRole[];
      if (!roles.every((role) => trustRoles.includes(role)))
        throw refuse(`its first word is no list of ${trustRoles.join(', ')}`);
      if (!nameForm.test(name)) throw refuse('a name is 1 to 64 letters, digits and . @ : _ -');
      const caller: Caller = { name, roles: trustRoles.filter((role) => roles.includes(role)), owner: name };
      const certificate = /^certificate(?::(.*))?$/.exec(secret);
      const [map, key] =
        certificate === null ? [byDigest, keyOf(secret, refuse)] : [byCertificate, certificate[1] ?? name];
      if (map.has(key)) throw refuse(`its secret stands on an earlier line, for '${map.get(key)!.name}'`);
      map.set(key, caller);
    }
    if (byDigest.size + byCertificate.size === 0) throw new TriremeError('USAGE', `${where}: holds no credential`);
    return new Credentials(byDigest, byCertificate, true);
  }

  /** Secrets that are no certificates. */
  get tokens(): number {
    return this.byDigest.size;
  }

  get size(): number {
    return this.byDigest.size + this.byCertificate.size;
  }

  ofToken(token: string): Caller | null {
    return this.byDigest.get(digest(token)) ?? null;
  }

  ofCertificate(name: string): Caller | null {
    return this.byCertificate.get(name) ?? null;
  }
}

function keyOf(secret: string, refuse: (why: string) => TriremeError): string {
  if (hashForm.test(secret)) return secret.slice('sha256:'.length).toLowerCase();
  if (secret.startsWith('sha256:')) throw refuse("sha256: wants the 64 hex digits of a token's SHA-256 behind it");
  try {
    return digest(parseToken(secret));
  } catch (error) {
    throw refuse((error as Error).message);
  }
}
