import { InvalidArgumentError } from 'commander';
import { namesLoopback } from '../exposure.js';

/** Which names and pages a port answers to. */
export interface OriginRules {
  /** It answers to any name: callers prove who they are, or it is no loopback port. */
  readonly foreignHosts: boolean;
  /** Pages of these origins may call, such as https://jobs.example. */
  readonly origins: readonly string[];
}

/** Why a request is refused for the name that it asks for, or for the page that sends it. */
export interface OriginRefusal {
  readonly reason: 'host' | 'origin';
  readonly message: string;
}

const shownMax = 100;
const shown = (text: string): string => JSON.stringify(text.slice(0, shownMax));

/**
 * Why a request for a name that is none of this machine's loopback is refused, where only those are answered to: a page may have
 * made its own name resolve to this machine. Null: it is not.
 */
export function whyForeignHost(host: string | undefined, foreignHosts: boolean): string | null {
  if (foreignHosts || host === undefined || namesLoopback(host)) return null;
  const wrong = `the Host header ${shown(host)} is no name of this machine's loopback`;
  return `${wrong}: ask for localhost, or give the role a --token`;
}

/**
 * Browsers name the page that sends a request (RFC 6454), and other programs do not. A page that is not listed is refused
 * with or without a token; and without one, a page that has made its own name resolve to this machine as well.
 * @returns null: no reason to refuse
 */
export function whyForeign(
  { host, origin }: { readonly host?: string; readonly origin?: string },
  { foreignHosts, origins }: OriginRules,
): OriginRefusal | null {
  const foreignHost = whyForeignHost(host, foreignHosts);
  if (foreignHost !== null) return { reason: 'host', message: foreignHost };
  if (origin === undefined || origins.includes(origin)) return null;
  const wrong = `pages of the origin ${shown(origin)} may not call here`;
  return { reason: 'origin', message: `${wrong}: --http-origin allows those of one` };
}

/** An origin of --http-origin: scheme, host and port, as browsers write it. @throws InvalidArgumentError */
export function httpOrigin(value: string): string {
  let origin = '';
  try {
    const url = new URL(value);
    if (/^https?:$/.test(url.protocol) && url.href.replace(/\/$/, '') === url.origin) origin = url.origin;
  } catch {
    // Told below.
  }
  if (origin !== '') return origin;
  const form = 'scheme, host and port, such as https://jobs.example or http://localhost:8000';
  throw new InvalidArgumentError(`'${value}' is no origin: it has ${form}, and no path; name each that may call`);
}
