import { printed } from './tls-hello.js';

/** A host name (RFC 1035, 2.3.4) and a port: a longer Host is none. */
const hostBytesMax = 255 + 6;

/** As assembly/names-http.ts: bytes of a head that are read. */
const headBytesMax = 8192;

/** The head of a request, as far as it is there. */
export interface HttpRequest {
  /** Its first line is there: false, and it is none of HTTP/1; null, and that is not known. */
  readonly isHttp: boolean | null;
  readonly method: string;
  /** The value of Host in lower case; null: none is there. */
  readonly host: string | null;
  /** Host was read, or the head ends without one. */
  readonly isRead: boolean;
  /** More of it may come. */
  readonly goesOn: boolean;
  /** The target is a path: what is sent to a proxy has a whole URL or a host there (RFC 9112, 3.2.2, 3.2.3). */
  readonly hasPath: boolean;
}

/** Reads a head, which begins with a method and a blank. */
export function readRequest(stream: Buffer): HttpRequest {
  const text = stream.toString('latin1', 0, headBytesMax);
  const headEnd = text.search(/\n\r?\n/);
  const head = headEnd < 0 ? text : text.slice(0, headEnd + 1);
  const lineEnd = head.indexOf('\n');
  const blank = head.indexOf(' ');
  const from = head.search(/\nhost:/i) + 6;
  const end = from < 6 ? -1 : head.indexOf('\n', from);
  const value = end < 0 ? '' : head.slice(from, end).trim();
  const isRead = end >= 0 || headEnd >= 0;
  return {
    isHttp: lineEnd < 0 ? null : / HTTP\/1\..\r?$/.test(head.slice(0, lineEnd).slice(-11)),
    method: head.slice(0, Math.max(0, blank)),
    host: value === '' || value.length > hostBytesMax ? null : printed(Buffer.from(value, 'latin1')).toLowerCase(),
    isRead,
    goesOn: !isRead && text.length < headBytesMax,
    hasPath: head[blank + 1] === '/' || head[blank + 1] === '*',
  };
}

/** The name in a Host, without port and last dot; null: it is an address. */
export function nameOfHost(host: string): string | null {
  const name = host.replace(/:\d*$/, '').replace(/(.)\.$/, '$1');
  return name === '' || /^[\d.]+$|[[:]/.test(name) ? null : name;
}
