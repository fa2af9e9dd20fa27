import { Option, type Command } from 'commander';
import { pino, type LogFn, type Logger, type LoggerOptions } from 'pino';
import pretty from 'pino-pretty';
import { linesForTerminal, logLineForTerminal } from './for-terminal.js';
import type { RecentErrors } from './recent-errors.js';

export type { Logger };

/** Levels that --log-level takes. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Forms that --log-format takes. */
export const logFormats = ['auto', 'json', 'text'] as const;

/** How a role logs, as its options give it. */
export interface LogOptions {
  readonly logLevel: LogLevel;
  readonly logFormat: (typeof logFormats)[number];
}

/** Adds the options of a role that logs. */
export function addLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--log-level <level>', 'least severe log lines to write')
        .choices(logLevels)
        .default('info')
        .env('TRIREME_LOG_LEVEL'),
    )
    .addOption(
      new Option(
        '--log-format <format>',
        'json: an object a line; text: for people; auto: text on a terminal, json elsewhere',
      )
        .choices(logFormats)
        .default('auto')
        .env('TRIREME_LOG_FORMAT'),
    );
}

/**
 * The log of a role, on stderr. The message of a line is constant and the facts are its fields, so that lines can be
 * counted and searched.
 */
export function createLogger(role: string, { logLevel, logFormat }: LogOptions, errors?: RecentErrors): Logger {
  const options: LoggerOptions = {
    level: logLevel,
    base: { role, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    ...(errors === undefined ? {} : { hooks: { logMethod: keepWarnings(errors) } }),
  };
  return pino(options, { write: lineWriter(logFormat) });
}

/** Writes lines of JSON on stderr, in the form that is asked for. */
function lineWriter(format: LogOptions['logFormat']): (line: string) => void {
  if (format === 'json' || (format === 'auto' && !process.stderr.isTTY)) {
    const plain = pino.destination({ dest: 2, sync: true });
    return (line) => void plain.write(logLineForTerminal(line));
  }
  const readable = pretty({
    destination: 2,
    sync: true,
    ignore: 'pid',
    translateTime: 'SYS:HH:MM:ss.l',
    colorize: process.stderr.isTTY && !process.env.NO_COLOR,
  });
  return (line) => void readable.write(logLineForTerminal(line, true));
}

/** Shows lines that other roles logged as JSON, from a level on; what is no such line is shown as it is. */
export function logLineShower({ logLevel, logFormat }: LogOptions): (line: string) => void {
  const write = lineWriter(logFormat);
  const least = logLevel === 'silent' ? Infinity : pino.levels.values[logLevel];
  return (line) => {
    const level = levelOf(line);
    if (level === null) process.stderr.write(`${linesForTerminal(line)}\n`);
    else if (level >= least) write(`${line}\n`);
  };
}

function levelOf(line: string): number | null {
  try {
    const { level } = JSON.parse(line) as { level?: unknown };
    return typeof level === 'number' ? level : null;
  } catch {
    return null;
  }
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
