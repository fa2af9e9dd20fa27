import type { CaptureAccess } from '../captures/capture-access.js';
import { isUrl } from '../captures/capture-name.js';
import type { UrlPrefix } from '../captures/url/url-prefix.js';
import type { FileIdentity } from '../gen/trireme/v1/capture.js';
import { openCapture, type OpenCapture } from './open-capture.js';

/** What a caller may name: files below these folders, and URLs below these prefixes. */
export interface CapturePlaces {
  readonly access: CaptureAccess;
  readonly urls: readonly UrlPrefix[];
}

/** Opens one capture by its path or URL; `countedBytes` as in openCapture(). @throws TriremeError as openCapture() and openUrlCapture() */
export async function openNamed(
  { access, urls }: CapturePlaces,
  path: string,
  identity: FileIdentity | null,
  countedBytes: number | null = null,
): Promise<OpenCapture> {
  if (!isUrl(path)) return openCapture(access, path, identity, countedBytes);
  // Loaded only here: it brings the HTTP client.
  const { openUrlCapture } = await import('./open-url-capture.js');
  return openUrlCapture(urls, path);
}
