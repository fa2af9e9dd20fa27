import { openingStallMsMax } from '../captures/url/patience.js';
import type { UrlSource } from '../captures/url/url-identity.js';
import { UrlPrefix } from '../captures/url/url-prefix.js';
import { TriremeError } from '../common/errors.js';
import type { ScanChunk } from '../gen/trireme/v1/capture.js';

/**
 * Bytes of a capture on a web server from an offset on. This worker asks the server itself; what it cannot
 * read or may not, it takes from the hub, from where it came to. Throws JOB_FAILED where that does not help:
 * no other worker would fare better.
 * @param end where the reader expects to stop; null: the end of the capture
 * @param allowed URLs that this worker may read; null: whatever its hubs name
 * @param hubsBytes the same bytes from the hub, from an offset on
 */
export async function* urlRange(
  chunk: ScanChunk,
  start: number,
  end: number | null,
  allowed: readonly UrlPrefix[] | null,
  hubsBytes: (offset: number) => AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let position = start;
  try {
    const source = sourceOf(chunk, allowed);
    if (source !== null) {
      // Loaded only here: it brings the HTTP client.
      const { streamUrl } = await import('../captures/url/url-stream.js');
      try {
        for await (const bytes of streamUrl(source, start, end, { signal, openingStallMs: openingStallMsMax })) {
          position += bytes.length;
          yield bytes;
        }
        return;
      } catch (error) {
        if (signal.aborted || TriremeError.from(error).code === 'FILE_CHANGED') throw error;
      }
    }
    yield* hubsBytes(position);
  } catch (error) {
    if (signal.aborted) throw error;
    throw new TriremeError('JOB_FAILED', TriremeError.from(error).message, { cause: error });
  }
}

/** Null: not to be read from here. A hub names a prefix with each URL, which holds for redirects too. */
function sourceOf({ path, urlPrefix, identity }: ScanChunk, allowed: readonly UrlPrefix[] | null): UrlSource | null {
  if (identity === undefined || !URL.canParse(path)) return null;
  const url = new URL(path);
  const prefix = UrlPrefix.parse(urlPrefix ?? '');
  const narrower = allowed?.find((each) => each.allows(url));
  if (!prefix.allows(url) || (allowed !== null && narrower === undefined)) return null;
  const { sizeBytes, etag = '', lastModified = '' } = identity;
  const told = { sizeBytes: Number(sizeBytes), etag, lastModified };
  return { url: path, prefix: (narrower ?? prefix).text, identity: told };
}
