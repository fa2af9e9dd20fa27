/** What a credential allows; a credential has one or more of these. */
export type TrustRole = 'worker' | 'client' | 'operator';

export const trustRoles: readonly TrustRole[] = ['worker', 'client', 'operator'];

/** Who called, once he was identified. */
export interface Caller {
  /** For logs and errors; never the token. */
  readonly name: string;
  readonly roles: readonly TrustRole[];
  /** What an analysis of his carries; empty where many share one token or nobody is asked: nobody's own then. */
  readonly owner: string;
}

/** Whoever calls where nothing is asked: he may do all. */
export const everyone: Caller = Object.freeze({ name: 'anyone', roles: trustRoles, owner: '' });

/** A caller who was not identified where that is asked: he may do nothing. */
export const nobody: Caller = Object.freeze({ name: 'nobody', roles: [], owner: '' });

/** Names that `trireme certs` puts into certificates. Those of lb and master are to serve with, not to call with. */
const issuedNames = /^trireme (worker|client|operator|lb|master)$/;

/** Roles that the name of a certificate leaves its holder, when no file of credentials lists that name. */
export function rolesOfCertificate(name: string | null): readonly TrustRole[] {
  const issued = issuedNames.exec(name ?? '')?.[1];
  return issued === undefined ? trustRoles : trustRoles.filter((role) => role === issued);
}

/** The caller with those of his roles that `roles` has too. */
export function limited(caller: Caller, roles: readonly TrustRole[]): Caller {
  return { ...caller, roles: caller.roles.filter((role) => roles.includes(role)) };
}

/**
 * Null: the caller may, by one of his roles. Else what to tell him. @param needed any of these; null: any credential
 */
export function whyNotAllowed(caller: Caller, needed: readonly TrustRole[] | null): string | null {
  if (needed === null || needed.some((role) => caller.roles.includes(role))) return null;
  const has = caller.roles.length === 0 ? 'no role' : `the role ${caller.roles.join(' and ')}`;
  return `the credential '${caller.name}' has ${has} here, and this needs the role ${needed.join(' or ')}`;
}
