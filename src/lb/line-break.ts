const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Bytes below which a look at an answer by itself is cheaper than two searches through all that came with it. */
const searchedBytesMin = 256;

/** Whether bytes[start..end) hold a line feed or a carriage return, either of which ends a line for some reader. */
function holdsOne(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === lineFeed || bytes[at] === carriageReturn) return true;
  return false;
}

/**
 * Looks for line breaks in answers that come as parts of one array, thousands a batch: the array is searched once, and
 * its answers one by one only when it holds a line break somewhere. The arrays must not change between two looks.
 */
export class LineBreaks {
  private searched: Uint8Array | null = null;
  private found = false;

  /** Whether bytes[start..end) hold a line feed or a carriage return. */
  within(bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes !== this.searched) {
      if (bytes.length < searchedBytesMin) return holdsOne(bytes, start, end);
      this.searched = bytes;
      this.found = bytes.includes(lineFeed) || bytes.includes(carriageReturn);
    }
    return this.found && holdsOne(bytes, start, end);
  }
}
