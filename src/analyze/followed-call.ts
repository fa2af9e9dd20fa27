import type { ClientReadableStream } from '@grpc/grpc-js';
import { TriremeError } from '../common/errors.js';
import type { AnalysisAccepted, AnalyzeOptions, AnalyzeResponse } from '../gen/trireme/v1/capture.js';
import { fromMaster, wayLost } from './master-errors.js';
import type { DialledMaster } from './master-dial.js';
import type { Progress } from './progress.js';

/**
 * Hears a master out about one analysis, and resolves with the report; null: it ended without one, as a detached call
 * does. When the way to a durable analysis is lost, the error says how to ask for it again.
 */
export function followCall(
  { name, dialler }: DialledMaster,
  call: ClientReadableStream<AnalyzeResponse>,
  progress: Progress,
  onAccepted: (accepted: AnalysisAccepted) => void,
  asked?: AnalyzeOptions,
): Promise<string | null> {
  return new Promise((resolve, reject) => {
    let report: string | null = null;
    let accepted: AnalysisAccepted | null = null;
    call.on('data', ({ event }) => {
      if (event?.$case === 'result') report = event.value.reportJson;
      else if (event?.$case === 'accepted') {
        accepted = event.value;
        const option = unheeded(asked, event.value.analysis?.options);
        if (option !== null) {
          call.cancel();
          reject(
            new TriremeError(
              'JOB_FAILED',
              `master ${name} is of an earlier version and does not heed ${option}: update it`,
            ),
          );
        } else onAccepted(event.value);
      } else if (event?.$case === 'progress') {
        progress.say(event.value.message);
        progress.update(Number(event.value.bytesDone), Number(event.value.bytesTotal));
      }
    });
    call.on('error', (error) => {
      const id = accepted?.durable === true && wayLost(error) ? accepted.analysis?.id : undefined;
      if (id === undefined) return reject(error);
      const { code, message } = fromMaster(error, name, dialler);
      const hint = `analysis ${id} is not lost: trireme analyze --master ${name} --resume ${id}`;
      reject(new TriremeError(code, `${message}; ${hint}`, { cause: error }));
    });
    // After a failed call 'end' comes as well, and 'error' has the reason or brings it.
    call.on('end', () => setImmediate(() => resolve(report)));
  });
}

/** What an earlier master would pass over, and count other packets or conversations. */
const selecting = {
  filter: '--filter',
  filterTags: '--filter-tags',
  afterNs: '--after',
  beforeNs: '--before',
  afterFirstNs: '--after from the first packet',
  beforeFirstNs: '--before from the first packet',
  inner: '--inner',
  tcp: '--tcp',
  names: '--names',
} as const;

/** An option that a master has accepted without knowing it; null: it heeds all. */
export function unheeded(asked: Partial<AnalyzeOptions> | undefined, told: AnalyzeOptions | undefined): string | null {
  const isThere = (options: Partial<AnalyzeOptions> | undefined, name: keyof typeof selecting): boolean =>
    options?.[name] !== undefined && options[name] !== '';
  const names = Object.keys(selecting) as (keyof typeof selecting)[];
  const missing = names.find((name) => isThere(asked, name) && !isThere(told, name));
  return missing === undefined ? null : selecting[missing];
}
