import { stillWritten, type CaptureEntry } from '../captures/scan/capture-entry.js';
import { shownName } from '../captures/file/capture-name.js';
import { TriremeError } from '../common/errors.js';
import type { HostPort } from '../common/options.js';
import type { AnalysisAccepted, AnalyzeRequest, FileIdentity } from '../gen/trireme/v1/capture.js';
import { sortDefault } from '../pcap/request.js';
import { boundsOf } from '../pcap/time-bounds.js';
import type { SortOrder } from '../pcap/types.js';
import { type Entry, failedEntry } from './entry.js';
import { followCall } from './followed-call.js';
import { askForFile } from './held-file.js';
import { joinFiles, joinName } from './join.js';
import { type DialledMaster, dialMaster } from './master-dial.js';
import { hasLost, listJoin, listOnly, listWithFiles, withGrowth, type Uploaded } from './master-join.js';
import { fromMaster, wantsUpload } from './master-errors.js';
import { parseReport } from './parse-report.js';
import type { Progress } from './progress.js';
import type { AnalyzeSettings } from './settings.js';
import { upload } from './upload.js';

/** Analyses captures on a cluster. The entry is the one that this machine alone would give. */
export class MasterClient {
  private readonly master: DialledMaster;
  /** Order that a resumed analysis was asked for. */
  sort: SortOrder | null = null;

  constructor(
    master: HostPort,
    private readonly settings: AnalyzeSettings,
  ) {
    this.master = dialMaster(master, settings.trust);
  }

  /** Throws TriremeError: of the file as a local analysis would, of the cluster in the master's words. */
  async analyse(name: string, progress: Progress): Promise<Entry> {
    let takeBack = (): void => undefined;
    try {
      const entry = await this.submit(name, progress, false, ({ analysis, durable }) => {
        if (!durable || analysis === undefined) return;
        progress.say(`${shownName(name)} is analysis ${analysis.id}`);
        takeBack();
        takeBack = cancelOnInterrupt(this.master, analysis.id);
      });
      if (entry === null) throw new TriremeError('INTERNAL', `master ${this.master.name} ended without a result`);
      return { file: shownName(name), ...entry };
    } finally {
      takeBack();
    }
  }

  /** Submits a file and answers with the analysis's id; nobody waits for the result. */
  async detach(name: string, progress: Progress): Promise<string> {
    let id = '';
    await this.submit(name, progress, true, ({ analysis }) => (id = analysis?.id ?? ''));
    return id;
  }

  /** The entry of an analysis that was asked for earlier, as it was then. */
  async resume(id: string, progress: Progress): Promise<Entry> {
    let name: string | null = null;
    try {
      const report = await followCall(
        this.master,
        this.master.client.resumeAnalysis({ id }),
        progress,
        ({ analysis }) => {
          name = analysis?.name ?? id;
          this.sort ??= (analysis?.options?.sort ?? sortDefault) as SortOrder;
        },
      );
      if (report === null) throw new TriremeError('INTERNAL', `master ${this.master.name} ended without a result`);
      return { file: name ?? id, ...parseReport(report) };
    } catch (error) {
      const ours = fromMaster(error, this.master.name, this.master.dialler);
      if (name === null) throw ours;
      return failedEntry(name, ours);
    }
  }

  close(): void {
    this.master.client.close();
  }

  /** Null: nobody waits for the result. */
  private async submit(
    name: string,
    progress: Progress,
    detach: boolean,
    onAccepted: (accepted: AnalysisAccepted) => void,
  ): Promise<CaptureEntry | null> {
    if (this.settings.join) return this.submitJoined(progress, detach, onAccepted);
    const ask = async (path: string, identity: FileIdentity | undefined): Promise<CaptureEntry | null> => {
      const request = this.request(name, path, identity, detach);
      const call = this.master.client.analyze(request);
      return entryIn(await followCall(this.master, call, progress, onAccepted, request.options));
    };
    let grown = false;
    const entry = await askForFile(this.master, name, progress, ask, (file) => (grown = file.hasGrown()));
    if (!grown) return entry;
    if (entry !== null) return stillWritten(entry);
    progress.say(`${name} is still written: it is counted to the size that it had when it was opened`);
    return null;
  }

  /** Sends a list of the files, and the files behind it where the master does not see the same ones. */
  private async submitJoined(
    progress: Progress,
    detach: boolean,
    onAccepted: (accepted: AnalysisAccepted) => void,
  ): Promise<CaptureEntry | null> {
    const { client, name: master, dialler } = this.master;
    const name = joinName(this.settings);
    const files = await joinFiles(this.settings);
    const ask = async (sent: Uploaded): Promise<string | null> => {
      const path = await upload(client, sent, undefined, (bytes) => progress.update(bytes, null));
      const shown = name === '' ? `${files.length} files joined` : name;
      const request = this.request(shown, path, undefined, detach);
      const call = client.analyze({ ...request, join: true });
      return followCall(this.master, call, progress, onAccepted, request.options);
    };
    let list = await listJoin(name, files);
    for (;;) {
      try {
        return entryIn(await ask(listOnly(list)));
      } catch (error) {
        if (!wantsUpload(error)) throw fromMaster(error, master, dialler);
      }
      // It may be that the master sees all that is still there.
      const before = list;
      list = await listJoin(name, files);
      if (!hasLost(before, list)) break;
    }
    try {
      progress.say(`the master does not see the files of ${name === '' ? 'this capture' : name}: sending them`);
      const entry = entryIn(await ask(listWithFiles(list)));
      return entry === null ? null : withGrowth(entry, list);
    } catch (error) {
      throw fromMaster(error, master, dialler);
    }
  }

  private request(name: string, path: string, identity: FileIdentity | undefined, detach: boolean): AnalyzeRequest {
    const { scan, top, sort, waitMs } = this.settings;
    return {
      name: shownName(name),
      path,
      identity,
      detach,
      waitMs,
      options: {
        client: scan.connection?.client ?? '',
        server: scan.connection?.server ?? '',
        top,
        sort,
        intervalNs: BigInt(scan.intervalNs ?? 0),
        conversationsMax: scan.conversationsMax,
        filter: scan.filter ?? '',
        filterTags: scan.filterTags ?? '',
        ...boundsOf(scan.span),
        inner: scan.inner,
        tcp: scan.tcp,
        names: scan.names,
        noIndex: this.settings.index === 'ignore' ? true : undefined,
      },
    };
  }
}

function entryIn(report: string | null): CaptureEntry | null {
  return report === null ? null : parseReport(report);
}

/** Time for a master to hear of Ctrl-C. */
const cancelTimeoutMs = 2_000;

/**
 * Ctrl-C means what was asked for, not only this process: a durable analysis is cancelled before the process ends. The
 * return value takes it back.
 */
export function cancelOnInterrupt({ client, name }: DialledMaster, id: string): () => void {
  const onInterrupt = (): void => {
    client.cancelAnalysis({ id }, { deadline: Date.now() + cancelTimeoutMs } as never, (error: unknown) => {
      const hint = `it goes on: trireme cancel ${id} --master ${name}`;
      process.stderr.write(
        `trireme: analysis ${id} ${error === null ? 'cancelled' : `could not be cancelled; ${hint}`}\n`,
      );
      process.kill(process.pid, 'SIGINT');
    });
  };
  process.once('SIGINT', onInterrupt);
  return () => process.off('SIGINT', onInterrupt);
}
