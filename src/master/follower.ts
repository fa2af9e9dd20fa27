import type * as grpc from '@grpc/grpc-js';
import { TriremeError } from '../common/errors.js';
import { AnalyzeResult, type AnalyzeResponse } from '../gen/trireme/v1/capture.js';
import { isFinal, type AnalysisRecord, type Ledger } from '../ledger/types.js';
import { analysisInfo, progressInfo } from './analysis-info.js';

/**
 * The ledger is asked so often how an analysis is that somebody waits for: a shared one may miss to tell of a change.
 */
export const followMs = 5_000;
/** A ledger that cannot be used for so long ends the waiting, not the analysis: who waits would wait for ever. */
export const followTroubledMsMax = 600_000;
/** Times in a row that it may not know it: a record that was lost is written again within seconds. */
export const followUnknownMax = 4;

type Call = grpc.ServerWritableStream<unknown, AnalyzeResponse>;

/**
 * Tells a caller of an analysis until it has ended: that it was accepted, how far it is, its result.
 * @returns when the result was sent, or the caller is gone
 * @throws TriremeError the analysis' own; DRAINING when `ending` was given
 */
export async function follow(ledger: Ledger, first: AnalysisRecord, call: Call, ending: AbortSignal): Promise<void> {
  const { id } = first;
  let held = false;
  call.on('drain', () => (held = false));
  call.write({ event: { $case: 'accepted', value: { analysis: analysisInfo(first), durable: ledger.durable } } });
  let told = first.progress;
  const final = await new Promise<AnalysisRecord | null>((resolve, reject) => {
    const stop = (): void => {
      unwatch();
      clearTimeout(timer);
      clearInterval(asking);
      ending.removeEventListener('abort', onEnding);
    };
    const end = (record: AnalysisRecord | null): void => {
      stop();
      resolve(record);
    };
    const hear = (record: AnalysisRecord): void => {
      if (isFinal(record)) return end(record);
      // A caller that does not read misses progress; it is not kept for it.
      if (held || record.progress === told) return;
      told = record.progress;
      const value = progressInfo(told, record.capture.sizeBytes);
      held = !call.write({ event: { $case: 'progress', value } });
    };
    const onEnding = (): void => {
      stop();
      reject(new TriremeError('DRAINING', 'the master is shutting down'));
    };
    // Where masters share a ledger, none may have a worker: then nobody takes it, and nobody else would say so.
    const { waitMs, detached } = first.request;
    const giveUp = (): void => {
      const waits = `no master with a worker took it within ${waitMs / 1000} s: start one with 'trireme worker --host ...'`;
      ledger
        .get(id)
        .then((record) => (record?.attempts === 0 ? ledger.cancel(id, waits) : null))
        .then((record) => {
          if (record?.state !== 'cancelled') return;
          stop();
          reject(new TriremeError('NO_WORKER', waits));
        }, reject);
    };
    const timer = ledger.shared && !detached && first.attempts === 0 ? setTimeout(giveUp, waitMs) : undefined;
    let unknown = 0;
    let troubledMs = 0;
    const ask = (): void => {
      troubledMs = ledger.trouble === null ? 0 : troubledMs + followMs;
      if (troubledMs >= followTroubledMsMax) {
        stop();
        const since = `${ledger.trouble} (so it has been for ${followTroubledMsMax / 1000} s)`;
        reject(new TriremeError('STATE_FAILED', `${since}; the analysis is not lost: --resume ${id}`));
        return;
      }
      ledger.get(id).then(
        (record) => {
          unknown = record === null ? unknown + 1 : 0;
          if (record !== null) hear(record);
          else if (unknown >= followUnknownMax) {
            stop();
            reject(new TriremeError('NO_ANALYSIS', `${ledger.place} has lost analysis ${id}: ask for it anew`));
          }
        },
        // It cannot be asked at the moment; what runs goes on.
        () => undefined,
      );
    };
    const asking = ledger.shared ? setInterval(ask, followMs) : undefined;
    const unwatch = ledger.watch(id, hear);
    call.on('cancelled', () => end(null));
    ending.addEventListener('abort', onEnding, { once: true });
    if (ending.aborted) onEnding();
    // It may have changed before we watched.
    ledger.get(id).then((record) => {
      if (record !== null) hear(record);
      else end(first);
    }, reject);
  });
  if (final === null) return;
  const bytes = final.state === 'done' ? await ledger.result(id) : null;
  if (bytes !== null) {
    call.write({ event: { $case: 'result', value: AnalyzeResult.decode(bytes) } });
    call.end();
    return;
  }
  if (final.error !== null) throw new TriremeError(final.error.code, final.error.message);
  const lost = ledger.shared ? `, or ${ledger.place} has lost it` : '';
  throw new TriremeError(
    'NO_ANALYSIS',
    `the result of analysis ${id} is damaged or kept no longer${lost}: ask for it anew`,
  );
}
