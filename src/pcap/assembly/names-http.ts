// Where heads of HTTP/1 begin in a segment of TCP, and where they end (RFC 9112, 2.1, 3, 4). A head begins
// with the payload, or right behind another head, as pipelined requests without a body do.

import { big16 } from './big-endian';

/** More of a head is not read: servers refuse longer ones by default, and a Host stands among its first lines. */
export const HTTP_HEAD_BYTES: usize = 8192;
/** Letters of a method (the longest that IANA has, UPDATEREDIRECTREF, has 17). */
const METHOD_BYTES: usize = 20;

export const NO_HEAD: u32 = 0;
export const REQUEST: u32 = 1;
export const RESPONSE: u32 = 2;

/** "HTTP/1.", as it lies, and the bytes of it. */
const VERSION: u64 = 0x2e312f50545448;
const VERSION_BITS: u64 = 0xff_ffff_ffff_ffff;
/** Bits 5 to 7 of three bytes; with 010 there a byte is a large letter or one of @ [ \ ] ^ _. */
const LETTERS_BITS: u32 = 0xe0e0e0;
const LETTERS: u32 = 0x404040;
/** Bytes of the shortest line: `HTTP/1.1 200`. */
const LINE_BYTES: usize = 12;
const LF: u32 = 10;
const CR: u32 = 13;
const BLANK: u32 = 32;

/** Whether a payload may begin with a head: nearly all others fail here. */
// @ts-ignore: decorator
@inline
export function mayBeHttp(from: usize, here: usize): bool {
  return here >= LINE_BYTES && (load<u32>(from) & LETTERS_BITS) == LETTERS;
}

/**
 * What begins at a place. Of a request whose first line does not end here only the method and the target are looked at.
 */
export function headAt(from: usize, end: usize): u32 {
  if (from + LINE_BYTES > end) return NO_HEAD;
  if ((load<u64>(from) & VERSION_BITS) == VERSION) return RESPONSE;
  let at = from;
  const last = min(from + METHOD_BYTES, end - 2);
  while (at < last && isOfMethod(load<u8>(at))) at++;
  if (at < from + 3 || load<u8>(at) != BLANK) return NO_HEAD;
  const target = load<u8>(at, 1);
  const until = min(end, from + HTTP_HEAD_BYTES);
  while (at < until && load<u8>(at) != LF) at++;
  // `/` begins nearly all targets.
  if (at == until) return target == 0x2f ? REQUEST : NO_HEAD;
  if (load<u8>(at - 1) == CR) at--;
  return at > from + 12 && (load<u64>(at - 8) & VERSION_BITS) == VERSION && load<u8>(at - 9) == BLANK
    ? REQUEST
    : NO_HEAD;
}

// @ts-ignore: decorator
@inline
function isOfMethod(byte: u32): bool {
  return byte - 0x41 < 26 || byte == 0x2d || byte == 0x5f;
}

/** "host", as it lies in small letters. */
const HOST: u32 = 0x74736f68;
const SMALL: u32 = 0x20202020;
const COLON: u32 = 0x3a;

/** The head whose end was sought goes on behind its segment, and no Host was found so far: its rest is wanted. */
export let headGoesOn: bool = false;

/**
 * Where the head that begins at a place ends, its empty line included; where it does not, the end of what is
 * read of it.
 */
export function headEnd(from: usize, end: usize): usize {
  const until = min(end, from + HTTP_HEAD_BYTES);
  let lineIsHost = false;
  let hasHost = false;
  headGoesOn = false;
  for (let at = from + LINE_BYTES; at < until; at++) {
    if (load<u8>(at) != LF) continue;
    hasHost = hasHost || lineIsHost;
    if (at + 1 < until && load<u8>(at, 1) == LF) return at + 2;
    if (at + 2 < until && big16(at + 1) == ((CR << 8) | LF)) return at + 3;
    lineIsHost = at + 6 <= until && (load<u32>(at, 1) | SMALL) == HOST && load<u8>(at, 5) == COLON;
  }
  headGoesOn = !hasHost && until < from + HTTP_HEAD_BYTES;
  return until;
}
