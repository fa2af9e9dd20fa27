/** What the viewer's page and its worker say to each other. */

/** Parts of the engine, by the names of their files: WebAssembly in bytes. */
export type EngineParts = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

/** Asks for an analysis; the worker does one in its life, so that ending it is all that a cancel takes. */
export interface ViewerRequest {
  readonly parts: EngineParts;
  readonly files: readonly { readonly name: string; readonly content: Blob }[];
  /** As in tcpdump; empty: every packet. */
  readonly filter: string;
  /** Tell the health of TCP. */
  readonly tcp: boolean;
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
