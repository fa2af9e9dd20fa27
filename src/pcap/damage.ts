import type { Damage } from './types.js';

/** Damage at a place, of the numbers that tell what it is. */
export function damageAt(offset: number, words: readonly [number, number, number]): Damage {
  return { offset, detail: describeDamage(words[0], offset, words[1], words[2]), words };
}

/** Words for the damage codes of assembly/status.ts. */
function describeDamage(code: number, offset: number, a: number, b: number): string {
  switch (code) {
    case 1:
      return `record at offset ${offset} claims ${a} captured bytes, over ${b}`;
    case 2:
      return `block at offset ${offset} claims a length of ${a}`;
    case 3:
      return `block at offset ${offset}: the two lengths differ`;
    case 4:
      return `packet block at offset ${offset} names interface ${a} of ${b}`;
    case 5:
      return `packet block at offset ${offset} claims ${a} captured bytes and has room for ${b}`;
    case 6:
      return `section at offset ${offset} has no known byte order (0x${a.toString(16)})`;
    case 7:
      return `section with the block at offset ${offset} describes more than ${a} interfaces`;
    case 9:
      return (
        `another ${a === 1 ? 'pcapng' : 'pcap'} capture begins at offset ${offset}: cut the file there ` +
        `(head -c ${offset} FILE, tail -c +${offset + 1} FILE) and join the parts with mergecap`
      );
    case 10:
      return `section at offset ${offset} has version ${a}.${b}; versions 1.0 and 1.2 are read`;
    default:
      return `block at offset ${offset} is too short for its kind: ${a} bytes`;
  }
}
