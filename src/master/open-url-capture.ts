import { shownName } from '../captures/file/capture-name.js';
import { checkUrlUnchanged, openUrl } from '../captures/url/open-url.js';
import { parseCaptureUrl } from '../captures/url/capture-url.js';
import { openingStallMsMax } from '../captures/url/patience.js';
import { doubtNote, type UrlPrefix } from '../captures/url/url-prefix.js';
import { TriremeError } from '../common/errors.js';
import type { OpenCapture } from './open-capture.js';

/**
 * Opens a capture on a web server that one of the master's prefixes allows. Its workers read it in ranges.
 * Throws PATH_REFUSED, or FILE_UNREADABLE also for a server that sends no ranges.
 */
export async function openUrlCapture(prefixes: readonly UrlPrefix[], path: string): Promise<OpenCapture> {
  const url = parseCaptureUrl(path);
  const shown = shownName(path);
  const prefix = prefixes.find((each) => each.allows(url));
  if (prefix === undefined) {
    const allowed = prefixes.map(({ text }) => text).join(', ') || 'none';
    throw new TriremeError(
      'PATH_REFUSED',
      `${shown} is not below a URL that the master allows (--allow-url: ${allowed})${doubtNote(url)}`,
    );
  }
  const opened = await openUrl(path, prefix);
  if (!opened.ranged) {
    opened.close();
    throw new TriremeError(
      'FILE_UNREADABLE',
      `${shown}: ${opened.why}, which a cluster needs: analyse it without --master`,
    );
  }
  const { source, first } = opened;
  const { sizeBytes, etag, lastModified } = source.identity;
  return {
    path,
    bytes: { at: 'url', source, first },
    sizeBytes,
    identity: { sizeBytes: BigInt(sizeBytes), endsSha256: Buffer.alloc(0), etag, lastModified },
    modified: lastModified ?? '',
    content: () => Promise.resolve(etag ?? ''),
    // Soon: by then all its bytes were read, or its server is why they were not.
    checkUnchanged: () => checkUrlUnchanged(source, openingStallMsMax),
    close: () => undefined,
  };
}
