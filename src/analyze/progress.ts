import type { SingleBar } from 'cli-progress';
import { forTerminal } from '../common/for-terminal.js';
import { humanBytes, humanSpan } from './units.js';

/** Time before a bar appears: a small capture is done by then, and a bar would only flicker. */
const appearAfterMs = 400;

/** Time between two looks at the clock and the terminal. */
const redrawMs = 100;

/** Progress of one file for a person who watches. */
export interface Progress {
  /** Whether anyone watches; if not, counting for update() is wasted. */
  readonly visible: boolean;
  readonly update: (bytesDone: number, bytesTotal: number | null) => void;
  /** Says what an analysis waits for. Shown on a terminal or not, once for each message. */
  say(message: string): void;
  close(): void;
}

/** A bar on stderr when that is a terminal: bytes, rate and time left. Otherwise, and when quiet, nothing. */
export function openProgress(file: string, quiet: boolean): Progress {
  const visible = !quiet && process.stderr.isTTY === true;
  const startedMs = performance.now();
  let nextMs = startedMs + appearAfterMs;
  let bar: SingleBar | null = null;
  let said = '';

  function update(bytesDone: number, bytesTotal: number | null): void {
    const nowMs = performance.now();
    if (nowMs < nextMs) return;
    nextMs = nowMs + redrawMs;
    bar ??= startBar(file, bytesTotal);
    bar.update(bytesDone, { text: progressText(bytesDone, bytesTotal, (nowMs - startedMs) / 1000) });
  }

  return {
    visible,
    update: visible ? update : () => undefined,
    say: (message) => {
      // Seconds that run in a message make no new one.
      const words = message.replace(/\d+/g, '');
      if (quiet || words === said) return;
      said = words;
      if (message !== '' && bar === null) process.stderr.write(`trireme: ${forTerminal(message)}\n`);
    },
    close: () => bar?.stop(),
  };
}

/** `1.20 GB of 4.00 GB, 2.10 GB/s, 1.3 s left`. Without a total, bytes and rate. */
export function progressText(bytesDone: number, bytesTotal: number | null, seconds: number): string {
  const rate = bytesDone / seconds;
  const done = `${humanBytes(bytesDone)}${bytesTotal === null ? '' : ` of ${humanBytes(bytesTotal)}`}`;
  const left =
    bytesTotal === null || rate === 0
      ? ''
      : `, ${humanSpan(BigInt(Math.ceil((Math.max(0, bytesTotal - bytesDone) / rate) * 10)) * 100_000_000n)} left`;
  return `${done}, ${humanBytes(Math.round(rate))}/s${left}`;
}

function startBar(file: string, bytesTotal: number | null): SingleBar {
  // Loaded when the first bar appears: most captures are done before.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { SingleBar } = require('cli-progress') as typeof import('cli-progress');
  const bar = new SingleBar({
    format: bytesTotal === null ? '{file} {text}' : '{file} [{bar}] {text}',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: false,
    barsize: 24,
    // The scan leaves timers no time to run: each update draws.
    synchronousUpdate: true,
    fps: 1000 / redrawMs,
    gracefulExit: false,
  } as ConstructorParameters<typeof SingleBar>[0]);
  bar.start(bytesTotal ?? 1, 0, { file: forTerminal(file), text: '' });
  return bar;
}
