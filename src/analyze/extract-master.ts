import { TriremeError } from '../common/errors.js';
import type { HostPort } from '../common/options.js';
import type { TrustSettings } from '../common/trust/options.js';
import { shownName } from '../captures/file/capture-name.js';
import type { ExtractResult, FileIdentity } from '../gen/trireme/v1/capture.js';
import { boundsOf } from '../pcap/time-bounds.js';
import { askForFile } from './held-file.js';
import { dialMaster } from './master-dial.js';
import { openProgress } from './progress.js';

/** What a cluster is asked for. */
export interface ClusterExtraction {
  readonly master: HostPort;
  readonly trust: TrustSettings;
  readonly file: string;
  readonly filter?: string;
  readonly filterTags?: 'transparent';
  /** As a TimeSpan has them. */
  readonly after?: string;
  readonly before?: string;
  readonly limit?: number;
  /** False: an index beside the capture is not used. */
  readonly index?: boolean;
  /** Milliseconds to wait for a first worker; 0: as long as the master says. */
  readonly waitMs: number;
  /** The file that the master writes; empty: it sends the packets. */
  readonly to: string;
  readonly quiet: boolean;
}

/**
 * Has the workers of a master take packets out of a capture. `onBytes` gets them in order.
 * @throws TriremeError of the file, or of the cluster in the master's words; what `onBytes` throws
 */
export async function extractOnMaster(
  asked: ClusterExtraction,
  onBytes: (bytes: Uint8Array) => Promise<void> | undefined,
): Promise<ExtractResult> {
  const master = dialMaster(asked.master, asked.trust);
  const progress = openProgress(shownName(asked.file), asked.quiet);
  const { filter = '', filterTags = '', after = null, before = null, limit, waitMs, to } = asked;
  try {
    const ask = async (path: string, identity: FileIdentity | undefined): Promise<ExtractResult> => {
      const call = master.client.extract({
        ...{ path, identity, waitMs, filter, filterTags, to },
        name: shownName(asked.file),
        ...boundsOf({ after, before }),
        packetsMax: BigInt(limit ?? 0),
        noIndex: asked.index === false ? true : undefined,
      });
      try {
        for await (const { event } of call) {
          if (event?.$case === 'data') await onBytes(event.value);
          else if (event?.$case === 'result') return event.value;
          else if (event?.$case === 'progress') {
            progress.say(event.value.message);
            progress.update(Number(event.value.bytesDone), Number(event.value.bytesTotal));
          }
        }
      } finally {
        call.cancel();
      }
      throw new TriremeError('INTERNAL', `master ${master.name} ended without a result`);
    };
    return await askForFile(master, asked.file, progress, ask, (file) => file.checkUnchanged());
  } finally {
    progress.close();
    master.client.close();
  }
}
