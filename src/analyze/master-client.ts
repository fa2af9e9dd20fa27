import { resolve } from 'node:path';
import { openCapture, standardInput, type CaptureFile } from '../captures/capture-file.js';
import { isUrl, shownName } from '../captures/capture-name.js';
import { identityOf } from '../captures/identity.js';
import { TriremeError } from '../common/errors.js';
import { messageBytesMax } from '../common/limits.js';
import { formatHostPort, type HostPort } from '../common/options.js';
import type { DiallerTrust } from '../common/trust/dialler-trust.js';
import { GrpcDialler } from '../common/trust/grpc-dialler.js';
import { CaptureServiceClient, type AnalyzeRequest, type FileIdentity } from '../gen/trireme/v1/capture.js';
import type { Entry } from './entry.js';
import { fromMaster, wantsUpload } from './master-errors.js';
import { parseReport } from './parse-report.js';
import type { Progress } from './progress.js';
import type { AnalyzeSettings } from './settings.js';
import { upload } from './upload.js';

/** A master that vanished without a word is noticed after the sum of these. */
const keepalive = { 'grpc.keepalive_time_ms': 10_000, 'grpc.keepalive_timeout_ms': 10_000 };

/** Analyses captures on a cluster. The entry is the one that this machine alone would give. */
export class MasterClient {
  readonly #client: CaptureServiceClient;
  readonly #name: string;
  readonly #dialler: GrpcDialler;

  constructor(
    master: HostPort,
    private readonly settings: AnalyzeSettings,
    trust: DiallerTrust,
  ) {
    this.#dialler = new GrpcDialler(trust);
    this.#name = formatHostPort(master);
    this.#client = new CaptureServiceClient(this.#name, this.#dialler.credentials(master.host), {
      ...this.#dialler.options(master.host),
      'grpc.max_receive_message_length': messageBytesMax,
      ...keepalive,
    });
  }

  /** Throws TriremeError: of the file as a local analysis would, of the cluster in the master's words. */
  async analyse(name: string, progress: Progress): Promise<Entry> {
    const file = isUrl(name) ? null : openIfHere(name);
    try {
      const report =
        file === null
          ? await this.#analyse(isUrl(name) ? name : resolve(name), undefined, progress)
          : await this.#analyseHeld(file, progress);
      file?.checkUnchanged();
      return { file: shownName(name), ...parseReport(report) };
    } catch (error) {
      const ours = fromMaster(error, this.#name, this.#dialler);
      if (file === null && !isUrl(name) && ours.code === 'FILE_UNREADABLE') {
        throw new TriremeError('FILE_UNREADABLE', `${name}: no such file here, nor on the master: ${ours.message}`);
      }
      throw ours;
    } finally {
      file?.close();
    }
  }

  close(): void {
    this.#client.close();
  }

  /** Names a file that this machine holds; sends it when the master does not see the same one. */
  async #analyseHeld(file: CaptureFile, progress: Progress): Promise<string> {
    let identity: FileIdentity | undefined;
    if (file.sizeBytes !== null) {
      const { sizeBytes, endsSha256 } = identityOf(file.fd, file.sizeBytes);
      identity = { sizeBytes: BigInt(sizeBytes), endsSha256 };
      try {
        return await this.#analyse(resolve(file.name), identity, progress);
      } catch (error) {
        if (!wantsUpload(error)) throw error;
        progress.say(`the master does not see ${file.name}: sending it`);
      }
    }
    const path = await upload(this.#client, file, identity, (bytes) => progress.update(bytes, file.sizeBytes));
    return this.#analyse(path, identity, progress);
  }

  #analyse(path: string, identity: FileIdentity | undefined, progress: Progress): Promise<string> {
    return new Promise((resolve, reject) => {
      const call = this.#client.analyze(this.#request(path, identity));
      let report: string | null = null;
      call.on('data', ({ event }) => {
        if (event?.$case === 'result') report = event.value.reportJson;
        else if (event?.$case === 'progress') {
          progress.say(event.value.message);
          progress.update(Number(event.value.bytesDone), Number(event.value.bytesTotal));
        }
      });
      call.on('error', reject);
      call.on('end', () => {
        if (report !== null) resolve(report);
        // After a failed call 'end' comes as well, and 'error' has the reason or brings it.
        else setImmediate(() => reject(new TriremeError('INTERNAL', `master ${this.#name} ended without a result`)));
      });
    });
  }

  #request(path: string, identity: FileIdentity | undefined): AnalyzeRequest {
    const { scan, top, sort, waitMs } = this.settings;
    return {
      path,
      identity,
      waitMs,
      options: {
        client: scan.connection?.client ?? '',
        server: scan.connection?.server ?? '',
        top,
        sort,
        intervalNs: BigInt(scan.intervalNs ?? 0),
        conversationsMax: scan.conversationsMax,
      },
    };
  }
}

/** A file that only the master has may be named all the same; every other failure to open it is ours to tell. */
function openIfHere(name: string): CaptureFile | null {
  try {
    return openCapture(name);
  } catch (error) {
    if (name !== standardInput && (TriremeError.from(error).cause as NodeJS.ErrnoException)?.code === 'ENOENT')
      return null;
    throw error;
  }
}
