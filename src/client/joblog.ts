import type { EndedJob } from './run-jobs.js';

/** The first line of a job log, with the columns of GNU parallel's --joblog. */
export const joblogHead = 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n';

/** Characters of a payload in the log. */
const payloadShownMax = 200;

/** The line of a job that has ended: Host is the worker, Exitval 1 where it failed, Send and Receive count bytes. */
export function joblogLine({ seq, payload, startedMs, tookMs, result }: EndedJob, kind: string): string {
  const { worker, error, result: text, resultBytes } = result;
  const received = resultBytes?.length ?? Buffer.byteLength(text);
  const shown = payload
    .toString('utf8')
    .slice(0, payloadShownMax)
    .replaceAll(/[\t\r\n]/g, ' ');
  const fields = [
    seq,
    worker === '' ? '-' : worker,
    (startedMs / 1000).toFixed(3),
    (tookMs / 1000).toFixed(3).padStart(10),
    payload.length,
    received,
    error === '' ? 0 : 1,
    0,
    `${kind} ${shown}`.trimEnd(),
  ];
  return `${fields.join('\t')}\n`;
}
