/** What a page says with each request that asks for more than to be told something: pages of other sites cannot. */
const ownHeaders = { 'x-trireme': 'page' } as const;

/** An analysis as the master answers with it. */
export interface AnalysisAnswer {
  readonly analysis: { readonly id: string; readonly name: string; readonly state: string };
}

/** Asks by POST. @throws Error with the words of the master */
export async function ask(path: string, body?: object): Promise<AnalysisAnswer> {
  const json: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(path, {
    method: 'POST',
    headers: { ...ownHeaders, ...json },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return answerIn(response.status, await response.text());
}

/** A capture on its way to the master. */
export interface Sending {
  readonly answer: Promise<AnalysisAnswer>;
  /** Ends it: nothing of it stays. */
  readonly stop: () => void;
}

/** Sends a file; fetch cannot tell how far that is. @param onBytes is told how many of them have gone */
export function send(path: string, file: File, onBytes: (bytes: number) => void): Sending {
  const request = new XMLHttpRequest();
  const answer = new Promise<AnalysisAnswer>((resolve, reject) => {
    request.open('POST', path);
    for (const [name, value] of Object.entries(ownHeaders)) request.setRequestHeader(name, value);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.onprogress = ({ loaded }) => onBytes(loaded);
    request.onload = () => {
      try {
        resolve(answerIn(request.status, request.responseText));
      } catch (error) {
        reject(error as Error);
      }
    };
    request.onerror = () => reject(new Error('the master cannot be reached, or has ended the connection'));
    request.onabort = () => reject(new Error('stopped'));
    request.send(file);
  });
  return { answer, stop: () => request.abort() };
}

function answerIn(status: number, text: string): AnalysisAnswer {
  let said: unknown = null;
  try {
    said = JSON.parse(text);
  } catch {
    // What stands before the master, or asks for a token, answers with text.
  }
  if (status >= 200 && status < 300 && said !== null) return said as AnalysisAnswer;
  const { code, message } = (said ?? {}) as { readonly code?: string; readonly message?: string };
  throw new Error(message === undefined ? `status ${status}: ${text.slice(0, 200)}` : `${code}: ${message}`);
}
