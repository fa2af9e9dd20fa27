/** What the viewer's page and its worker say to each other. */

/** Parts of the engine, by the names of their files: WebAssembly in bytes. */
export type EngineParts = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

/** A worker, and what connects two of them, as far as it is used here: the worker's types know no browser. */
export interface Port {
  onmessage: unknown;
  postMessage(message: unknown, moved: ArrayBuffer[]): void;
}

/** Files of this size and above are read by workers of their own; starting those takes longer than to read less. */
export const readersFromBytes = 16 * 2 ** 20;

/** Makes a worker a reader: it answers a PieceRequest that comes through the port with a PieceAnswer. */
export interface ReaderRequest {
  readonly asked: Port;
}

/** Asks for a piece of a file, to be read into the buffer, which is at least as long. */
export interface PieceRequest {
  readonly id: number;
  readonly piece: Blob;
  readonly buffer: ArrayBuffer;
}

/** The bytes, in the memory of the request; or why they cannot be read. */
export type PieceAnswer =
  { readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> } | { readonly id: number; readonly error: unknown };

/** Asks for an analysis; the worker does one in its life, so that ending it is all that a cancel takes. */
export interface ViewerRequest {
  readonly parts: EngineParts;
  readonly files: readonly { readonly name: string; readonly content: Blob }[];
  /** Workers that read, for files from readersFromBytes on. */
  readonly readers: readonly Port[];
  /** As in tcpdump; empty: every packet. */
  readonly filter: string;
  /** Tell the health of TCP. */
  readonly tcp: boolean;
  /** Tell what packets say of names. */
  readonly names: boolean;
}

export interface ViewerProgress {
  readonly event: 'progress';
  /** Of all files. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly file: string;
}

export interface ViewerResult {
  readonly event: 'done';
  /** ReportData as JSON. */
  readonly report: string;
  /** What `trireme analyze --json` prints, in pieces. */
  readonly json: readonly (string | Uint8Array)[];
}

export interface ViewerFailure {
  readonly event: 'failed';
  readonly message: string;
}

export type ViewerMessage = ViewerProgress | ViewerResult | ViewerFailure;
