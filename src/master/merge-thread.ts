import { parentPort, workerData } from 'node:worker_threads';
import { capturedIn, type CaptureEntry } from '../captures/capture-entry.js';
import { compressionOf, magicBytes } from '../captures/compression.js';
import { readRange } from '../captures/read-range.js';
import type { InflateOutcome } from '../captures/inflated.js';
import { FilePour } from '../captures/pour.js';
import { TriremeError } from '../common/errors.js';
import { planChunks, wholeFilePlan } from '../pcap/chunk-plans.js';
import type { ChunkPlan } from '../pcap/types.js';
import { Merger } from '../pcap/merger.js';
import { headerBytesWanted, readHeader } from '../pcap/read-header.js';
import { RecordWalk } from '../pcap/record-walk.js';
import { toCanonicalJson } from '../pcap/report-json.js';
import type { MergeData, MergeNews, MergeOffer, ReportCounts } from './merge-messages.js';

/** Thread of one analysis: plans the chunks, proves their seams, adds them up, walks when it must. */
function main(port: NonNullable<typeof parentPort>, data: MergeData): void {
  const { module, fd, sizeBytes, scan, top, sort } = data;
  const say = (news: MergeNews): void => port.postMessage(news);
  const compression = compressionOf(readRange(fd, 0, Math.min(magicBytes, sizeBytes)));
  const plans =
    compression !== null
      ? [wholeFilePlan]
      : planChunks(readHeader(module, readRange(fd, 0, Math.min(sizeBytes, headerBytesWanted)), sizeBytes), {
          chunkBytes: data.chunkBytes,
        });
  const merger = new Merger(module, plans, scan);
  let outcome: InflateOutcome = { truncated: false, damage: null };
  let wanted = [...plans];
  say({ news: 'planned', plans, compression });

  port.on('message', (offer: MergeOffer) => {
    try {
      if (compression !== null) outcome = offer.outcome;
      merger.offer(offer.result);
      const unwanted = wanted.filter((plan) => !merger.wanted(plan));
      wanted = wanted.filter((plan) => merger.wanted(plan));
      advance(unwanted);
    } catch (error) {
      const { code, message } = TriremeError.from(error);
      say({ news: 'failed', code, message });
    }
  });

  function advance(unwanted: readonly ChunkPlan[]): void {
    for (;;) {
      const step = merger.next();
      if (step === 'complete') return complete();
      if (step === 'waiting') return say({ news: 'merged', provenBytes: merger.provenBytes, unwanted });
      if (step === 'walk') {
        say({ news: 'walking' });
        const plan = merger.walkPlan();
        const walk = new RecordWalk(module, plan);
        new FilePour(fd, walk, plan.start).all();
        merger.walked(walk.end());
      } else say({ news: 'rescan', plan: step.rescan });
    }
  }

  function complete(): void {
    const report = merger.finish({ top, sort, compression: compression ?? 'none', inputCut: outcome.truncated });
    const entry = capturedIn(report, compression, outcome);
    say({ news: 'complete', reportJson: toCanonicalJson(entry), counts: countsOf(entry) });
  }
}

function countsOf(entry: CaptureEntry): ReportCounts {
  if (entry.error === 'not-a-capture') {
    const none = { packets: 0n, ipv4Tcp: 0n, connectionPackets: 0n, conversations: 0n };
    return { ...none, format: '', truncated: false, error: entry.error };
  }
  return {
    format: entry.format,
    packets: BigInt(entry.packets),
    ipv4Tcp: BigInt(entry.ipv4_tcp),
    connectionPackets: BigInt(entry.connection?.packets ?? 0),
    conversations: BigInt(entry.conversations),
    truncated: entry.truncated,
    error: entry.error ?? '',
  };
}

if (parentPort !== null) main(parentPort, workerData as MergeData);
