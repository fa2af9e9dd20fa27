import { InvalidArgumentError } from 'commander';
import type { IncomingHttpHeaders } from 'node:http';
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
 * Why a request for a name that is none of this machine's loopback is refused, where only those are answered
 * to: a page may have made its own name resolve to this machine. Null: it is not.
 */
export function whyForeignHost(host: string | undefined, foreignHosts: boolean): string | null {
  if (foreignHosts || host === undefined || namesLoopback(host)) return null;
  const wrong = `the Host header ${shown(host)} is no name of this machine's loopback`;
  return `${wrong}: ask for localhost, or give the role a --token`;
}

/**
 * Browsers name the page that sends a request (RFC 6454), and other programs do not. A page that is not
 * listed is refused with or without a token; and without one, a page that has made its own name resolve to
 * this machine as well.
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

/**
 * The header that a request carries which asks a port for more than to be told something. Forms cannot send
 * it, and pages of other sites may not: their browser asks first, and nothing allows it.
 */
export const actionHeader = 'x-trireme';

/**
 * Why a request that asks for more than to be told something is refused: it comes from a page of another
 * site, or may do so. Programs that are no browsers send neither `Origin` nor `Sec-Fetch-Site`. Null: no
 * reason to refuse.
 */
export function whyForeignAction(headers: IncomingHttpHeaders): string | null {
  const { origin, host, [actionHeader]: own, 'sec-fetch-site': site } = headers;
  if (own === undefined)
    return `the header ${actionHeader} is missing, without which a page of another site might send this: add ${actionHeader}: 1`;
  // The scheme may differ behind a proxy that ends TLS.
  const from = origin?.replace(/^https?:\/\//, '');
  if (from !== undefined && from !== host)
    return `pages of the origin ${shown(origin ?? '')} may not do this on ${shown(host ?? '')}: open the page of this port`;
  if (site !== undefined && site !== 'same-origin')
    return `the browser says that another site sends this (Sec-Fetch-Site: ${shown(String(site))}): open the page of this port`;
  return null;
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
