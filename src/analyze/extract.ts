import { basename, join } from 'node:path';
import { openCapture, standardInput, type CaptureFile } from '../captures/file/capture-file.js';
import { extractFile } from '../captures/whole/extract-file.js';
import { FileProbe } from '../captures/file/file-probe.js';
import { threadsToUse } from '../captures/threads/address-room.js';
import { TriremeError } from '../common/errors.js';
import { forTerminal } from '../common/for-terminal.js';
import type { HostPort } from '../common/options.js';
import { compileDiallerTrust, trustOptionGiven, type TrustOptions } from '../common/trust/options.js';
import { complaintOf } from '../pcap/extractor.js';
import type { SplitBy } from '../pcap/records/split-key.js';
import { selectionOf } from '../pcap/request.js';
import { withConversation } from './extract-connection.js';
import { formOf, formed, openOut } from './extract-form.js';
import { discardOnSignals, heedSignals } from './extract-end.js';
import { OutputGone, type CaptureOut } from './files/capture-out.js';
import type { LiveInput } from './live-input.js';
import { noteUnless } from './notes.js';

export interface ExtractSettings extends TrustOptions {
  readonly file: string;
  readonly filter?: string;
  readonly filterTags?: 'transparent';
  readonly client?: string;
  readonly server?: string;
  readonly conversation?: number;
  readonly splitBy?: SplitBy;
  readonly slice?: number;
  readonly pcap?: boolean;
  readonly pcapng?: boolean;
  readonly nano?: boolean;
  readonly after?: string;
  readonly before?: string;
  readonly limit?: number;
  readonly multi?: boolean;
  readonly cores?: number;
  readonly threadBytes?: number;
  readonly master?: HostPort;
  readonly wait?: number;
  readonly to?: string;
  readonly write: string;
  /** False: an index beside the capture is not used; true: one is made. */
  readonly index?: boolean;
  readonly quiet?: boolean;
}

/** Packets written, those that were looked at, and what was wrong with the capture. */
interface Told {
  readonly packets: bigint;
  readonly ofPackets: bigint;
  readonly wrong: string | null;
}

/** Extracts, and returns the exit code. */
export async function extract(asked: ExtractSettings): Promise<number> {
  const threadsMax = threadsToUse(asked, noteUnless(asked.quiet));
  const settings = await withConversation(asked, threadsMax);
  selectionOf(settings, { filter: '--filter', filterTags: '--filter-tags', after: '--after', before: '--before' });
  if (settings.to !== undefined && (formOf(settings) !== null || settings.splitBy !== undefined))
    throw usage('--pcap, --pcapng, --nano, --slice and --split-by are done here, --to is written there: choose one');
  checkPlaces(settings);
  const { master } = settings;
  return master === undefined ? extractHere(settings, threadsMax) : extractThere({ ...settings, master });
}

const usage = (message: string): TriremeError => new TriremeError('USAGE', message);

/** Checks what only several options together can get wrong. */
function checkPlaces(settings: ExtractSettings): void {
  const { master, multi, cores, to, wait, write, index, limit } = settings;
  if (index === true && (master !== undefined || limit !== undefined))
    throw usage(
      '--index makes an index of a capture that is read to its end, on this machine: ' +
        `leave out ${master === undefined ? '--limit' : '--master'}, or make it with trireme index`,
    );
  if (master === undefined) {
    if (to !== undefined) throw usage('--to is a folder of a master: it needs --master');
    if (wait !== undefined) throw usage('--wait bounds waiting for workers: it needs --master');
    if (trustOptionGiven(settings))
      throw usage('--token, --tls and their like are for the cluster: they need --master');
    return;
  }
  if (multi === true || cores !== undefined)
    throw usage('--multi and --cores are about this machine, --master is about the cluster: choose one');
  if (to !== undefined && (write === standardInput || basename(write) !== write || write === '.' || write === '..'))
    throw usage(`-w ${write}: with --to it is the name of a file in that folder, without a folder of its own`);
}

async function extractHere(settings: ExtractSettings, threadsMax: number): Promise<number> {
  const { file: name } = settings;
  await new FileProbe().check(name, name);
  const file = openCapture(name);
  try {
    let out: CaptureOut | null = null;
    const discard = (): void => out?.discard();
    const { input, stop } = heedSignals(file, discard, settings);
    try {
      out = openOut(settings, file.fd);
      return await run(file, out, settings, threadsMax, input);
    } finally {
      stop();
      discard();
    }
  } finally {
    file.close();
  }
}

async function run(
  file: CaptureFile,
  out: CaptureOut,
  settings: ExtractSettings,
  threadsMax: number,
  input: LiveInput | undefined,
): Promise<number> {
  const { filter, filterTags, after = null, before = null, limit, quiet } = settings;
  const target = formed(formOf(settings), out);
  const span = after === null && before === null ? undefined : { after, before };
  const packetsMax = limit === undefined ? undefined : BigInt(limit);
  const onNote = noteUnless(quiet);
  const extracted = await unlessGone(
    extractFile(file, { filter, filterTags, span, packetsMax }, target, {
      threadsMax,
      threadBytesMin: settings.threadBytes,
      onIndex: settings.index === false ? null : onNote,
      onIndexMade: settings.index === true ? (bytes) => void indexOut().writeIndex(file.name, bytes) : undefined,
      input,
    }),
  );
  if (extracted === null) return 0;
  if (extracted.notACapture !== null) throw new TriremeError('NOT_A_CAPTURE', `${file.name}: ${extracted.notACapture}`);
  await target.complete();
  const { packets, ofPackets } = extracted;
  const wrong = complaintOf(extracted, packetsMax);
  const cut = extracted.damage === null && (extracted.cut !== null || extracted.packedCut);
  if (wrong !== null && cut && input?.interrupted() === true) {
    tell({ packets, ofPackets, wrong: null }, settings);
    if (quiet !== true)
      process.stderr.write(`trireme: ${file.name}: was interrupted within a record, which is left out\n`);
    return 0;
  }
  return tell({ packets, ofPackets, wrong }, settings);
}

/** Has a cluster do it, which sends the packets, or writes them with `to`. */
async function extractThere(settings: ExtractSettings & { readonly master: HostPort }): Promise<number> {
  // Loaded here: what is extracted on this machine must not wait for gRPC.
  const { extractOnMaster } = require('./extract-master.js') as typeof import('./extract-master.js');
  const { to, write, wait, quiet = false } = settings;
  const out = to === undefined ? openOut(settings, null) : null;
  const target = out === null ? null : formed(formOf(settings), out);
  const stop = discardOnSignals(() => out?.discard());
  try {
    const asked = {
      ...settings,
      trust: compileDiallerTrust(settings),
      waitMs: wait ?? 0,
      to: to === undefined ? '' : join(to, write),
      quiet,
    };
    const result = await unlessGone(extractOnMaster(asked, (bytes) => target?.write(bytes)));
    if (result === null) return 0;
    await target?.complete();
    const { packets, ofPackets, complaint } = result;
    return tell({ packets, ofPackets, wrong: complaint === '' ? null : complaint }, settings);
  } finally {
    stop();
    out?.discard();
  }
}

function indexOut(): typeof import('./files/out-file.js') {
  return require('./files/out-file.js') as typeof import('./files/out-file.js');
}

/** Null when the reader of standard output has seen enough. */
async function unlessGone<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof OutputGone) return null;
    throw error;
  }
}

/** Says what was written, and returns the exit code. */
function tell({ packets, ofPackets, wrong }: Told, { file, quiet }: ExtractSettings): number {
  if (quiet !== true) process.stderr.write(`trireme: ${packets} of ${ofPackets} packets written\n`);
  if (wrong === null) return 0;
  process.stderr.write(`trireme: ${forTerminal(`${file}: ${wrong}`)}; what came before is written\n`);
  return 1;
}
