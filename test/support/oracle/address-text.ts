/**
 * An address as people write it: dotted, or RFC 5952 (the longest run of two or more zero groups, the first
 * of equals; section 5: the last 32 bits of ::ffff:0:0/96 dotted).
 */
export function addressText(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => address[2 * i] * 256 + address[2 * i + 1]);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return `::ffff:${addressText(address.subarray(12))}`;
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.at < 0) return hex.join(':');
  return `${hex.slice(0, best.at).join(':')}::${hex.slice(best.at + best.length).join(':')}`;
}

/** `1.2.3.4:80` or `[2001:db8::1]:80`. */
export function endpointText(address: Uint8Array, port: number): string {
  return address.length === 4 ? `${addressText(address)}:${port}` : `[${addressText(address)}]:${port}`;
}
