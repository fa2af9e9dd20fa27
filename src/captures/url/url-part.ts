import { TriremeError } from '../../common/errors.js';
import { shownName } from '../file/capture-name.js';
import { parseCaptureUrl } from './capture-url.js';
import { discard, failureOf, httpGet, statusText, type Answer } from './http-get.js';
import { changed, conditionsFor, contentRange, differenceOf, identityIn, type UrlSource } from './url-identity.js';
import { UrlPrefix } from './url-prefix.js';

/**
 * Asks for the bytes of a range and checks that the answer is about the same capture as at the opening.
 * Throws FILE_CHANGED, FILE_UNREADABLE, PATH_REFUSED or PassingFailure.
 * @param end position after the last byte
 */
export async function requestPart(
  source: UrlSource,
  start: number,
  end: number,
  signal?: AbortSignal,
): Promise<Answer> {
  const { identity, prefix } = source;
  const shown = shownName(source.url);
  const headers = { range: `bytes=${start}-${end - 1}`, ...conditionsFor(identity) };
  const allowed = prefix === null ? null : UrlPrefix.parse(prefix);
  const answer = await httpGet(parseCaptureUrl(source.url), allowed, headers, signal).catch((error: unknown) => {
    throw failureOf(error);
  });
  const refusal = refusalOf(source, shown, start, answer);
  if (refusal === null) return answer;
  discard(answer);
  throw refusal;
}

/** The error that a status means which is not the one hoped for, at the opening and later. */
export function unreadable(shown: string, status: number): TriremeError {
  const hint =
    status === 401 || status === 403
      ? '; the server asks for more than the URL holds, or a presigned URL has expired'
      : status === 404 || status === 410
        ? '; there is no such capture'
        : '';
  return new TriremeError('FILE_UNREADABLE', `${shown}: the server answers ${statusText(status)}${hint}`);
}

function refusalOf({ identity }: UrlSource, shown: string, start: number, answer: Answer): TriremeError | null {
  const { status, headers } = answer;
  if (status === 412) return changed(shown, 'the server has another one under this name');
  if (status === 404 || status === 410) return changed(shown, `the server answers ${statusText(status)}`);
  const range = contentRange(headers);
  if (status === 416) {
    return changed(shown, `it had ${identity.sizeBytes} bytes and has ${range?.sizeBytes ?? 'fewer'} now`);
  }
  if (status === 200) {
    const difference = differenceOf(identity, identityIn(headers, identity.sizeBytes));
    if (difference !== null) return changed(shown, difference);
    return new TriremeError('FILE_UNREADABLE', `${shown}: the server has stopped serving ranges`);
  }
  if (status !== 206) return unreadable(shown, status);
  if (range === null || range.start !== start) {
    const told = typeof headers['content-range'] === 'string' ? headers['content-range'] : 'no Content-Range';
    return new TriremeError('FILE_UNREADABLE', `${shown}: asked for bytes from ${start}, the server sent ${told}`);
  }
  const difference = differenceOf(identity, identityIn(headers, range.sizeBytes));
  return difference === null ? null : changed(shown, difference);
}
