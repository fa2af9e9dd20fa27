import { availableParallelism } from 'node:os';
import { openCapture, standardInput, type CaptureFile } from '../captures/capture-file.js';
import { extractFile, type Extracted } from '../captures/extract-file.js';
import { FileProbe } from '../captures/file-probe.js';
import { TriremeError } from '../common/errors.js';
import { forTerminal } from '../common/for-terminal.js';
import { filterOf } from '../pcap/filter-functions.js';
import { OutputGone, openCaptureOut, type CaptureOut } from './files/capture-out.js';
import { openLiveInput, type LiveInput } from './live-input.js';

export interface ExtractSettings {
  readonly file: string;
  readonly filter?: string;
  readonly after?: string;
  readonly before?: string;
  readonly limit?: number;
  readonly multi?: boolean;
  readonly cores?: number;
  readonly threadBytes?: number;
  readonly write: string;
  /** False: an index beside the capture is not used. */
  readonly index?: boolean;
  readonly quiet?: boolean;
}

/** Exit codes of a shell for a process that a signal has ended. */
const signals = { SIGINT: 130, SIGTERM: 143 } as const;

/** Extracts, and returns the exit code. */
export async function extract(settings: ExtractSettings): Promise<number> {
  const { file: name, filter } = settings;
  if (filter !== undefined) filterOf(filter);
  await new FileProbe().check(name, name);
  const file = openCapture(name);
  try {
    let out: CaptureOut | null = null;
    const discard = (): void => out?.discard();
    const { input, stop } = heedSignals(file, discard, settings);
    try {
      out = openCaptureOut(settings.write, file.fd);
      return await run(file, out, settings, input);
    } finally {
      stop();
      discard();
    }
  } finally {
    file.close();
  }
}

/** The first signal is the end of a pipe as standard input. Any other leaves nothing half written. */
function heedSignals(
  file: CaptureFile,
  discard: () => void,
  { quiet }: ExtractSettings,
): { readonly input?: LiveInput; readonly stop: () => void } {
  if (file.name !== standardInput || file.sizeBytes !== null) return { stop: discardOnSignals(discard) };
  let stop = (): void => undefined;
  const input = openLiveInput(
    null,
    () => undefined,
    (signal) => {
      stop = discardOnSignals(discard);
      if (quiet === true) return;
      process.stderr.write(
        `trireme: ${signal}: what has come of standard input is written; a second one ends at once\n`,
      );
    },
  );
  return {
    input,
    stop: () => {
      stop();
      input.close();
    },
  };
}

/** Ctrl-C leaves nothing half written. */
function discardOnSignals(discard: () => void): () => void {
  const handlers = Object.entries(signals).map(([signal, code]) => {
    const handler = (): never => {
      discard();
      process.exit(code);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => {
    for (const remove of handlers) remove();
  };
}

async function run(
  file: CaptureFile,
  out: CaptureOut,
  settings: ExtractSettings,
  input: LiveInput | undefined,
): Promise<number> {
  const { filter, after = null, before = null, limit, quiet } = settings;
  const span = after === null && before === null ? undefined : { after, before };
  const packetsMax = limit === undefined ? undefined : BigInt(limit);
  const onIndex = (text: string): void => {
    if (quiet !== true) process.stderr.write(`trireme: ${forTerminal(text)}\n`);
  };
  let extracted: Extracted;
  try {
    extracted = await extractFile(file, { filter, span, packetsMax }, (bytes) => out.write(bytes), {
      threadsMax: settings.cores ?? (settings.multi === true ? availableParallelism() : 1),
      threadBytesMin: settings.threadBytes,
      onIndex: settings.index === false ? null : onIndex,
      input,
    });
  } catch (error) {
    if (error instanceof OutputGone) return 0;
    throw error;
  }
  if (extracted.notACapture !== null) throw new TriremeError('NOT_A_CAPTURE', `${file.name}: ${extracted.notACapture}`);
  out.complete();
  const { packets, ofPackets } = extracted;
  if (quiet !== true) process.stderr.write(`trireme: ${packets} of ${ofPackets} packets written\n`);
  const wrong = packets === packetsMax ? null : complaint(extracted);
  const cut = extracted.damage === null && (extracted.cut !== null || extracted.packedCut);
  if (wrong !== null && cut && input?.interrupted() === true) {
    if (quiet !== true)
      process.stderr.write(`trireme: ${file.name}: was interrupted within a record, which is left out\n`);
    return 0;
  }
  if (wrong !== null)
    process.stderr.write(`trireme: ${forTerminal(`${file.name}: ${wrong}`)}; what came before is written\n`);
  return wrong === null ? 0 : 1;
}

function complaint({ damage, cut, end, inputDamage }: Extracted): string | null {
  if (damage !== null) return `damaged: ${damage.detail}`;
  if (inputDamage !== null) return `damaged: ${inputDamage}`;
  return cut === null ? null : `cut short in the record at offset ${end}`;
}
