import { nkeys } from '@nats-io/transport-node';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** An nkey: what a server is told of it, and the file with its seed. */
export function nkeyIdentity(folder: string, name: string): { readonly publicKey: string; readonly seedFile: string } {
  const pair = nkeys.createUser();
  const seedFile = join(folder, `${name}.nk`);
  writeFileSync(seedFile, `${text(pair.getSeed())}\n`, { mode: 0o600 });
  return { publicKey: pair.getPublicKey(), seedFile };
}

const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
const withStorage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

/**
 * An operator with one account that may use JetStream, as the nsc tool makes them, and users with files of credentials.
 */
export class Operator {
  private readonly operator = nkeys.createOperator();
  private readonly account = nkeys.createAccount();
  private readonly system = nkeys.createAccount();

  /** Lines of a server's configuration. */
  get configuration(): string {
    const account = (pair: KeyPair, limits: object): string =>
      this.jwt(this.operator, pair, { type: 'account', version: 2, limits });
    return [
      `operator: ${this.jwt(this.operator, this.operator, { type: 'operator', version: 2 })}`,
      `system_account: ${this.system.getPublicKey()}`,
      'resolver: MEMORY',
      'resolver_preload: {',
      `  ${this.system.getPublicKey()}: ${account(this.system, unlimited)}`,
      `  ${this.account.getPublicKey()}: ${account(this.account, { ...unlimited, ...withStorage })}`,
      '}',
    ].join('\n');
  }

  /** Writes a file of credentials. @param secondsLeft until they expire; null: never */
  credentials(folder: string, name: string, secondsLeft: number | null = null): string {
    const user = nkeys.createUser();
    const claims = { type: 'user', version: 2, subs: -1, data: -1, payload: -1 };
    const jwt = this.jwt(this.account, user, claims, secondsLeft);
    const path = join(folder, `${name}.creds`);
    const part = (title: string, body: string): string =>
      `-----BEGIN ${title}-----\n${body}\n------END ${title}------\n`;
    writeFileSync(path, `${part('NATS USER JWT', jwt)}\n${part('USER NKEY SEED', text(user.getSeed()))}`, {
      mode: 0o600,
    });
    return path;
  }

  private jwt(issuer: KeyPair, subject: KeyPair, nats: object, secondsLeft: number | null = null): string {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const claims = {
      ...{ jti: String(Math.random()), iat: nowSeconds, iss: issuer.getPublicKey(), sub: subject.getPublicKey() },
      ...{ name: 'test', nats },
      ...(secondsLeft === null ? {} : { exp: nowSeconds + secondsLeft }),
    };
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode(claims)}`;
    return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
