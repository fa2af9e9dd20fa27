import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger };

/** Levels that --log-level takes. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/**
 * The log of a role: JSON lines on stderr, or readable lines when stderr is a terminal. The message of a line is
 * constant and the facts are its fields, so that lines can be counted and searched.
 */
export function createLogger(role: string, level: string = process.env.TRIREME_LOG_LEVEL ?? 'info'): Logger {
  const options = { level, base: { role, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime };
  if (process.stderr.isTTY) {
    return pino(options, pretty({ destination: 2, sync: true, ignore: 'pid', translateTime: 'SYS:HH:MM:ss.l' }));
  }
  return pino(options, pino.destination({ dest: 2, sync: true }));
}
