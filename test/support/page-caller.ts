/** What the master answers to the page: JSON of its own. */
export interface PageAnswer {
  readonly status: number;
  readonly body: {
    readonly code?: string;
    readonly message?: string;
    readonly analysis?: { readonly id: string; readonly state: string; readonly name: string; readonly owner: string };
  };
}

/** Asks a master as its page does; headers may be changed, or left out by undefined. */
export async function askPage(
  admin: string,
  path: string,
  body: Uint8Array | object | null,
  changed: Readonly<Record<string, string | undefined>> = {},
): Promise<PageAnswer> {
  const bytes = body instanceof Uint8Array;
  const type = bytes ? 'application/octet-stream' : 'application/json';
  const all = { 'x-trireme': '1', 'content-type': type, ...changed };
  const headers = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const response = await fetch(`http://${admin}${path}`, {
    method: 'POST',
    headers,
    body: body === null ? undefined : bytes ? new Uint8Array(body) : JSON.stringify(body),
  });
  const text = await response.text();
  try {
    return { status: response.status, body: JSON.parse(text) as PageAnswer['body'] };
  } catch {
    return { status: response.status, body: { message: text } };
  }
}
