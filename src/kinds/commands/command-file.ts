import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { TriremeError } from '../../common/errors.js';
import { readSmallFile } from '../../common/small-file.js';
import { isSlip } from '../../common/suggestions.js';
import { compileFields, type KindFields } from '../folder-kind.js';
import { payloadPlace } from './child.js';
import type { CommandEntry } from './command-kind.js';
import { starterGives, starterPrograms } from './starter.js';

/** Variables that a command is given of the worker's own: what programs need to run, and no secret. */
const inherited = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

/** Sets limits on a program and becomes it; util-linux has it. */
const limiter = 'prlimit';

/** Less memory is a mistake, such as megabytes: no program starts in it. */
const memoryBytesMin = 1024 * 1024;
const memoryBytesBound = Number.MAX_SAFE_INTEGER;
/** A day, as for the time of a job. */
const cpuSecondsBound = 86_400;

const kindFields = [
  ...['name', 'number', 'version', 'answers', 'payloadBytesMax', 'resultBytesMax'],
  ...['timeoutSeconds', 'mayCopy', 'attempts', 'slots', 'units'],
] as const;
const ownFields = ['argv', 'serve', 'environment', 'memoryBytesMax', 'cpuSecondsMax'] as const;
const known: readonly string[] = [...kindFields, ...ownFields];

/** What is asked of the machine. */
export interface CommandHost {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether a program is there to be run. @param path where it is looked for unless its name has a slash */
  runs(program: string, path: string, folder: string): boolean;
}

/**
 * The kinds of these files of commands.
 * @throws TriremeError USAGE or FILE_UNREADABLE with the file, the entry, the field, its value and the bound
 */
export function readCommands(
  files: readonly string[],
  host: CommandHost = { environment: process.env, runs },
): CommandEntry[] {
  return files.flatMap((file) => {
    let text: string;
    try {
      text = readSmallFile(file).toString('utf8');
    } catch (error) {
      throw new TriremeError('FILE_UNREADABLE', `--commands ${file}: ${(error as Error).message}`, { cause: error });
    }
    let written: unknown;
    try {
      written = parse(text);
    } catch (error) {
      const [why] = (error as Error).message.split('\n');
      throw new TriremeError('USAGE', `--commands ${file} is not YAML: ${why}`, { cause: error });
    }
    return compileCommands(written, file, host);
  });
}

/** The entries of a file of commands, as parsed. @throws TriremeError USAGE */
export function compileCommands(written: unknown, file: string, host: CommandHost): CommandEntry[] {
  const wrong = (what: string): TriremeError => new TriremeError('USAGE', `--commands ${file}: ${what}`);
  if (!isRecord(written) || !Array.isArray(written.commands) || Object.keys(written).length > 1)
    throw wrong("must have a list 'commands:' and nothing beside it");
  if (written.commands.length === 0) throw wrong("its list 'commands:' is empty");
  return written.commands.map((entry: unknown, at) => compileCommand(entry, at, file, host));
}

function compileCommand(entry: unknown, at: number, file: string, host: CommandHost): CommandEntry {
  const name = isRecord(entry) && typeof entry.name === 'string' ? ` (${entry.name})` : '';
  const where = `${file}, entry ${at + 1}${name}`;
  const wrong = (what: string): TriremeError => new TriremeError('USAGE', `--commands ${where}: ${what}`);
  if (!isRecord(entry)) throw wrong('must be fields with values, such as name: RESIZE');
  for (const field of Object.keys(entry)) {
    if (known.includes(field)) continue;
    const meant = known.find((each) => isSlip(field, each));
    throw wrong(`there is no field ${field}${meant === undefined ? `; there are ${known.join(', ')}` : `: ${meant}?`}`);
  }
  for (const field of ['name', 'version', 'answers', 'serve', 'units']) {
    const value = entry[field];
    if (value !== undefined && typeof value !== 'string') throw wrong(`${field} ${shown(value)} is not text: quote it`);
  }
  if (entry.name === undefined) throw wrong('name must be said: what clients ask for');
  const fields = Object.fromEntries(kindFields.filter((field) => field in entry).map((field) => [field, entry[field]]));
  const serve = entry.serve ?? 'once';
  if (serve !== 'once' && serve !== 'lines' && serve !== 'frames')
    throw wrong(`serve '${String(serve)}' is neither once, lines nor frames`);
  const argv = argvOf(entry.argv, wrong);
  if (serve !== 'once' && argv.some((word) => word.includes(payloadPlace)))
    throw wrong(`argv has ${payloadPlace}, which needs serve: once, for a process that serves many jobs is told them`);
  const folder = dirname(resolve(file));
  const environment = environmentOf(entry.environment, host.environment, wrong);
  const found = (program: string): boolean => host.runs(program, environment.PATH ?? '', folder);
  if (!found(argv[0]))
    throw wrong(
      `argv: no program ${argv[0]} is here to be run (looked for in ${placeOf(argv[0], environment, folder)})`,
    );
  const limits = limitsOf(entry, serve, wrong);
  if (limits.length > 0 && !found(limiter))
    throw wrong(`memoryBytesMax and cpuSecondsMax need the program ${limiter} of util-linux, which is not here`);
  compileFields(fields as KindFields, entry.name as string, `--commands ${where}`);
  return {
    where,
    fields: fields as CommandEntry['fields'],
    argv: limits.length === 0 ? argv : [limiter, ...limits, '--', ...argv],
    folder,
    environment,
    serve,
    starter: serve === 'once' && starterGives(environment) && starterPrograms.every(found),
  };
}

type Wrong = (what: string) => TriremeError;

function argvOf(value: unknown, wrong: Wrong): string[] {
  if (!Array.isArray(value) || value.length === 0)
    throw wrong(`argv ${shown(value)} is not a list of a program and its arguments, such as [sha256sum, -b]`);
  value.forEach((word: unknown, at) => {
    if (typeof word !== 'string') throw wrong(`argv has ${shown(word)} at ${at}, which is not text: quote it`);
    if (word.includes('\0') || (at === 0 && word === '')) throw wrong(`argv has ${shown(word)} at ${at}`);
  });
  return value as string[];
}

/** All variables of a command. One without a value is the worker's own. */
function environmentOf(value: unknown, own: CommandHost['environment'], wrong: Wrong): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of inherited) if (own[name] !== undefined) environment[name] = own[name];
  if (value === undefined || value === null) return environment;
  if (!isRecord(value)) throw wrong(`environment ${shown(value)} is not names with values`);
  for (const [name, text] of Object.entries(value)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw wrong(`environment: '${name}' is no name of a variable`);
    if (text === null) {
      if (own[name] !== undefined) environment[name] = own[name];
    } else if (typeof text === 'string' && !text.includes('\0')) environment[name] = text;
    else throw wrong(`environment: ${name} ${shown(text)} is not text: quote it`);
  }
  return environment;
}

/** Arguments of the limiter. */
function limitsOf(entry: Readonly<Record<string, unknown>>, serve: string, wrong: Wrong): string[] {
  const whole = (field: string, least: number, most: number): number | undefined => {
    const value = entry[field];
    if (value === undefined) return undefined;
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
    throw wrong(`${field} ${shown(value)} is not a whole number from ${least} to ${most}`);
  };
  const memory = whole('memoryBytesMax', memoryBytesMin, memoryBytesBound);
  const cpu = whole('cpuSecondsMax', 1, cpuSecondsBound);
  if (cpu !== undefined && serve !== 'once')
    throw wrong(`cpuSecondsMax ${cpu} needs serve: once, for it counts all that a process ever does`);
  return [
    ...(memory === undefined ? [] : [`--as=${memory}`]),
    // Past the first of the two the system sends SIGXCPU, which says why; past the second SIGKILL.
    ...(cpu === undefined ? [] : [`--cpu=${cpu}:${cpu + 1}`]),
  ];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'left out').slice(0, 80);

const placeOf = (program: string, environment: Readonly<Record<string, string>>, folder: string): string =>
  program.includes('/') ? folder : `PATH, ${environment.PATH ?? 'which is empty'}`;

/** As the system looks: a name with a slash below the folder, others in each folder of the path. */
function runs(program: string, path: string, folder: string): boolean {
  const places = program.includes('/') ? [''] : path.split(delimiter);
  return places.some((place) => {
    const file = resolve(folder, join(place, program));
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}
