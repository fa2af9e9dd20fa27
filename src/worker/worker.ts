import { loadavg } from 'node:os';
import type { Logger } from '../common/logging.js';
import { formatHostPort, type HostPort } from '../common/options.js';
import type { DiallerTrust } from '../common/trust/dialler-trust.js';
import { GrpcDialler } from '../common/trust/grpc-dialler.js';
import type { Hello, JobBatch, WorkerMessage } from '../gen/trireme/v1/worker.js';
import { CaptureAccess } from '../captures/file/capture-access.js';
import type { UrlPrefix } from '../captures/url/url-prefix.js';
import { openChunk } from './chunk-opener.js';
import { HubLink, type LinkOwner } from './hub-link.js';
import { helloOf } from './machine.js';
import { JobThreads } from './threads/job-threads.js';
import type { JobThreadsApi } from './threads/types.js';

export interface WorkerOptions {
  readonly hubs: readonly HostPort[];
  readonly slots: number;
  /** Default: host name and process id. */
  readonly name: string | undefined;
  /** Folders below which captures may be opened. */
  readonly captures: readonly string[];
  /** URLs below which captures may be read; null: whatever the hubs name. */
  readonly urls: readonly UrlPrefix[] | null;
  /** Folders with kinds of users. */
  readonly kinds: readonly string[];
  /** Files with commands that are kinds. */
  readonly commands: readonly string[];
  /** Longest drain after the first signal. */
  readonly graceMs: number;
  /** What the hubs are shown, and whom this worker trusts. */
  readonly trust: DiallerTrust;
}

/** Runs jobs of any number of hubs on one set of threads. */
export class Worker implements LinkOwner {
  private links: readonly HubLink[];
  private readonly dialler: GrpcDialler;
  private draining = false;

  private constructor(
    options: WorkerOptions,
    readonly hello: Hello,
    private readonly threads: JobThreadsApi,
    private readonly byAttachment: Map<number, HubLink>,
    private readonly log: Logger,
  ) {
    this.dialler = new GrpcDialler(options.trust);
    this.links = options.hubs.map((hub) => this.linkTo(hub));
  }

  /** Starts the threads, measures what each kind costs here, and dials the hubs. */
  static async start(options: WorkerOptions, log: Logger): Promise<Worker> {
    const byAttachment = new Map<number, HubLink>();
    const access = await CaptureAccess.of(options.captures);
    const threads = new JobThreads({
      slots: options.slots,
      userFolders: options.kinds,
      commandFiles: options.commands,
      onResults: (attachment, results) => byAttachment.get(attachment)?.sendResults(results),
      openSource: (attachment, _kind, payload, signal) =>
        openChunk(payload, access, options.urls, byAttachment.get(attachment)?.chunkSource(), signal),
      onThreadDeath: (reason, restartInMs, asked) => {
        if (asked) log.warn({ reason }, 'job thread ended');
        else log.error({ reason, restartInMs }, 'job thread died');
      },
    });
    const kinds = await threads.start();
    const worker = new Worker(options, helloOf(options.name, options.slots, kinds), threads, byAttachment, log);
    log.info(
      {
        name: worker.hello.name,
        slots: options.slots,
        secondsPerUnit: Object.fromEntries(kinds.map(({ name, secondsPerUnit }) => [name, secondsPerUnit])),
      },
      'ready',
    );
    for (const link of worker.links) link.dial();
    return worker;
  }

  /** Dials the hubs of this list that it does not dial yet, and leaves those that it dials and are not in it. */
  follow(hubs: readonly HostPort[]): void {
    if (this.draining) return;
    const wanted = new Map(hubs.map((hub) => [formatHostPort(hub), hub]));
    const links = this.links.filter(({ state }) => state !== 'CLOSED');
    for (const link of links) {
      if (wanted.delete(link.address)) link.keep();
      else link.retire();
    }
    const added = [...wanted.values()].map((hub) => this.linkTo(hub));
    this.links = [...links, ...added];
    for (const link of added) link.dial();
  }

  private linkTo(hub: HostPort): HubLink {
    return new HubLink(hub, this, this.log, this.dialler);
  }

  heartbeat(attachment: number): WorkerMessage {
    const { slots, busy, queued, backlogSeconds } = this.threads.snapshot();
    const elsewhere = backlogSeconds - this.threads.backlogSeconds(attachment);
    return {
      message: {
        $case: 'heartbeat',
        value: {
          slots: slots || this.hello.slots,
          busy,
          queued,
          load: loadavg()[0],
          draining: this.draining,
          backlogElsewhereSeconds: Math.max(0, elsewhere),
        },
      },
    };
  }

  attached(link: HubLink): void {
    this.byAttachment.set(link.attachment, link);
  }

  jobs(attachment: number, batch: JobBatch): void {
    this.threads.submit(attachment, batch);
  }

  cancels(attachment: number, jobs: readonly number[]): void {
    this.threads.cancel(attachment, jobs);
  }

  recalls(attachment: number, jobs: readonly number[]): void {
    this.threads.recall(attachment, jobs);
  }

  detached(attachment: number): void {
    this.byAttachment.delete(attachment);
    this.threads.forget(attachment);
  }

  /** Finishes what was given, hands it in, and leaves every hub; bounded by graceMs. */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    for (const link of this.links) {
      if (link.state !== 'ATTACHED') link.close();
      link.beat();
    }
    const finished = this.threads.drain().then(() => Promise.all(this.links.map((link) => link.leave())));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), graceMs)));
    if ((await Promise.race([finished, late])) === 'late') {
      this.log.warn({ graceMs, ...this.threads.snapshot() }, 'jobs cut off at the end of the grace time');
    }
    clearTimeout(timer);
    for (const link of this.links) link.close();
    await this.threads.close();
  }
}
