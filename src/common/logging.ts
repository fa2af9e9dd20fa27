import { pino, type LogFn, type Logger, type LoggerOptions } from 'pino';
import pretty from 'pino-pretty';
import { logLineForTerminal } from './for-terminal.js';
import type { RecentErrors } from './recent-errors.js';

export type { Logger };

/** Levels that --log-level takes. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/**
 * The log of a role: JSON lines on stderr, or readable lines when stderr is a terminal. The message of a line is
 * constant and the facts are its fields, so that lines can be counted and searched.
 */
export function createLogger(
  role: string,
  level: string = process.env.TRIREME_LOG_LEVEL ?? 'info',
  errors?: RecentErrors,
): Logger {
  const options: LoggerOptions = {
    level,
    base: { role, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    ...(errors === undefined ? {} : { hooks: { logMethod: keepWarnings(errors) } }),
  };
  if (process.stderr.isTTY) {
    const readable = pretty({ destination: 2, sync: true, ignore: 'pid', translateTime: 'SYS:HH:MM:ss.l' });
    return pino(options, { write: (line) => void readable.write(logLineForTerminal(line, true)) });
  }
  const plain = pino.destination({ dest: 2, sync: true });
  return pino(options, { write: (line) => void plain.write(logLineForTerminal(line)) });
}

/** Warnings and errors are kept for the live page as well, whatever the level of the log lets through. */
function keepWarnings(
  errors: RecentErrors,
): (this: Logger, args: Parameters<LogFn>, method: LogFn, level: number) => void {
  return function (args, method, level) {
    if (level >= pino.levels.values.warn) {
      const [first, message] = args as unknown as [unknown, string | undefined];
      const facts = typeof first === 'string' ? {} : (first as Readonly<Record<string, unknown>>);
      const about = message ?? String(first);
      const text = Object.entries(facts).map(([name, value]) => `${name} ${String(value)}`);
      errors.add(about, text.join(', '));
    }
    method.apply(this, args);
  };
}
