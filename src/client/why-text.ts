import Table from 'cli-table3';
import { costText } from '../common/cost-text.js';
import { forTerminal } from '../common/for-terminal.js';
import { judge, judgedSecondsMin } from '../hub/explain/judgement.js';
import type { Pick as PickMessage } from '../gen/trireme/v1/worker.js';

/** A table without lines, so that it pipes into cut and awk. */
export const plain = {
  chars: {
    ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' },
    ...{
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
    },
  },
  style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
};

/** The last picks, a line each. */
export function pickTable(picks: readonly PickMessage[]): string {
  if (picks.length === 0) return 'no job was given out yet\n';
  const table = new Table({
    ...plain,
    head: ['TIME', 'JOB', 'KIND', 'WORKER', 'PREDICTED', 'ACTUAL', 'ERROR', 'CANDIDATES'],
    colAligns: ['left', 'right', 'left', 'left', 'right', 'right', 'right', 'right'],
  });
  for (const pick of picks) {
    table.push([
      forTerminal(pick.time.slice(11, 23)),
      pick.jobId,
      forTerminal(pick.kind),
      forTerminal(pick.worker),
      seconds(pick.predictedSeconds),
      pick.actualSeconds === undefined ? forTerminal(pick.outcome) : seconds(pick.actualSeconds),
      pick.errorSeconds === undefined
        ? '-'
        : inBatch(pick)
          ? `(${signed(pick.errorSeconds)})`
          : signed(pick.errorSeconds),
      pick.candidatesTotal,
    ]);
  }
  return lines(table);
}

/** What is said of an error in brackets. */
export const batchWords = `a job of under ${seconds(judgedSecondsMin)} travels in a batch, which the prediction is not judged by`;

const inBatch = ({ predictedSeconds, errorSeconds, execSeconds }: PickMessage): boolean =>
  judge({ predictedSeconds, errorSeconds: errorSeconds ?? null, execSeconds: execSeconds ?? null }) === 'batch';

/** One pick in words, and its candidates, the best first. */
export function explanation(pick: PickMessage): string {
  const { jobId, attempt, waitedSeconds, predictedSeconds, candidates, candidatesTotal } = pick;
  const [kind, worker, time, outcome] = [pick.kind, pick.worker, pick.time, pick.outcome].map(forTerminal);
  const head = [
    `job ${jobId}, ${kind}${sizeOf(pick)}, attempt ${attempt}: given to ${worker} at ${time}`,
    `  waited at the hub   ${seconds(waitedSeconds)}`,
    `  predicted           ${seconds(predictedSeconds)}`,
    pick.actualSeconds === undefined || pick.errorSeconds === undefined
      ? `  outcome             ${outcome}`
      : `  actual              ${seconds(pick.actualSeconds)} (error ${signed(pick.errorSeconds)}, execution ${seconds(pick.execSeconds ?? NaN)})`,
    ...(inBatch(pick) ? [`  ${batchWords}`] : []),
    ...costOf(pick),
    '',
  ];
  const table = new Table({
    ...plain,
    head: ['', 'WORKER', 'PREDICTED', 'COST', 'BACKLOG', 'WINDOW', 'OUTSTANDING', 'SLOTS', ''],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const each of candidates) {
    table.push([
      each.chosen ? '*' : ' ',
      forTerminal(each.worker),
      seconds(each.predictedSeconds),
      seconds(each.costSeconds),
      seconds(each.backlogSeconds),
      seconds(each.windowSeconds),
      each.outstanding,
      each.slots,
      each.room ? '' : 'no room',
    ]);
  }
  const more = candidatesTotal - candidates.length;
  return `${head.join('\n')}\n${lines(table)}${more > 0 ? `and ${more} more that would have finished later\n` : ''}`;
}

/** ` of 12 lines`; a job without size has none. */
function sizeOf({ units, unit }: PickMessage): string {
  if (unit === 'jobs') return '';
  return unit === '' && units === 1 ? '' : ` of ${units} ${unit === '' ? 'bytes' : forTerminal(unit)}`;
}

/** Where jobs have a size: what the worker takes for one by its size. */
function costOf({ unit, candidates }: PickMessage): string[] {
  const chosen = candidates.find((each) => each.chosen);
  if (unit === 'jobs' || unit === '' || chosen === undefined || chosen.fixedSeconds === 0) return [];
  return [`  cost by size        ${costText({ ...chosen, unit: forTerminal(unit) })}`];
}

export function lines(table: InstanceType<typeof Table>): string {
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

const signed = (value: number): string => `${value > 0 ? '+' : ''}${seconds(value)}`;

/** Three digits and a unit. */
function seconds(value: number): string {
  if (Number.isNaN(value)) return 'unknown';
  const size = Math.abs(value);
  if (size === 0) return '0 s';
  if (size < 1e-3) return `${Number((value * 1e6).toPrecision(3))} us`;
  if (size < 1) return `${Number((value * 1e3).toPrecision(3))} ms`;
  return `${Number(value.toPrecision(3))} s`;
}
