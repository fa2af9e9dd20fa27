import { TriremeError } from '../common/errors.js';
import { tokenVariable, type TrustSettings } from '../common/trust/options.js';

/** How the roles of `up` are given their credentials: arguments of each, and the environment of all. */
export interface RoleTrust {
  readonly lb: readonly string[];
  readonly master: readonly string[];
  readonly dialler: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** What is in the environment of this process goes on to its children. */
export const noRoleTrust: RoleTrust = { lb: [], master: [], dialler: [], env: process.env };

/** Hands the credentials of `up` on. A token goes by the environment, because arguments are seen by all on the machine. */
export function roleTrust({ token, tls }: TrustSettings, tcpTls: boolean): RoleTrust {
  const tokenArgs = token?.from === 'file' ? ['--token-file', token.path] : [];
  const env = token?.from === 'text' ? { ...process.env, [tokenVariable]: token.text } : process.env;
  if (tls === null) return { lb: tokenArgs, master: tokenArgs, dialler: tokenArgs, env };
  const { cert, key, ca } = tls;
  if (cert === null || key === null || ca === null)
    throw new TriremeError('USAGE', '--tls-cert needs --tls-ca here: the workers must know whom to trust');
  const all = [...tokenArgs, '--tls-cert', cert, '--tls-key', key, '--tls-ca', ca];
  return { lb: tcpTls ? [...all, '--tcp-tls'] : all, master: all, dialler: all, env };
}
