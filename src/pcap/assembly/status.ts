// Why a scan stopped. Damage is told in a code and two numbers; the words are made outside (../damage.ts).

export const HEADER: u32 = 0;
export const SEARCH: u32 = 1;
export const RECORDS: u32 = 2;
/** At or past the end that was asked for. */
export const COMPLETE: u32 = 3;
export const DAMAGED: u32 = 4;
export const NOT_A_CAPTURE: u32 = 5;
/** The search went past its range. */
export const NOT_FOUND: u32 = 6;

export const RECORD_TOO_LONG: u32 = 1;
export const BLOCK_LENGTH: u32 = 2;
export const LENGTHS_DIFFER: u32 = 3;
export const INTERFACE_UNKNOWN: u32 = 4;
export const PACKET_TOO_LONG: u32 = 5;
export const BYTE_ORDER_UNKNOWN: u32 = 6;
export const INTERFACES_TOO_MANY: u32 = 7;
export const BLOCK_TOO_SHORT: u32 = 8;
/** The header of another classic (0) or pcapng (1) capture stands where a record should begin. */
export const ANOTHER_CAPTURE: u32 = 9;
export const SECTION_VERSION: u32 = 10;

/** Why a file is no capture. */
export const MAGIC_UNKNOWN: u32 = 1;
export const HEADER_CUT: u32 = 2;
/** With the version's two numbers. */
export const VERSION_CLASSIC: u32 = 3;
export const VERSION_BLOCKS: u32 = 4;

export let phase: u32 = HEADER;
export let damage: u32 = 0;
export let damageA: u32 = 0;
export let damageB: u32 = 0;
/** The scan only walks over record headers and counts nothing. */
export let walking: bool = false;
/** Not every packet is counted: a filter or a span of time is asked for, or the scan only walks. */
export let selective: bool = false;
/** Stop before the first packet: the headers that lead the file are being read. */
export let headersOnly: bool = false;
/** State of the file: big-endian records; a classic file before 2.3. */
export let big: bool = false;
export let lengthsSwapped: bool = false;
/** Bytes of a classic record's header. */
export let recordHead: usize = 16;

export function setPhase(next: u32): void {
  phase = next;
}

export function setHeadersOnly(only: bool): void {
  headersOnly = only;
}

export function setSelective(): void {
  selective = true;
}

export function setWalking(only: bool): void {
  walking = only;
  selective = only;
}

export function setOrder(isBig: bool, swapped: bool): void {
  big = isBig;
  lengthsSwapped = swapped;
}

export function setRecordHead(bytes: usize): void {
  recordHead = bytes;
}

export function damaged(code: u32, a: u32, b: u32): void {
  phase = DAMAGED;
  damage = code;
  damageA = a;
  damageB = b;
}

export function foreign(reason: u32, a: u32 = 0, b: u32 = 0): void {
  phase = NOT_A_CAPTURE;
  damage = reason;
  damageA = a;
  damageB = b;
}
