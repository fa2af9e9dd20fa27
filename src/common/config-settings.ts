import { InvalidArgumentError, type Command, type Option } from 'commander';
import type { ConfigFile, Section, Setting } from './config-file.js';
import { TriremeError } from './errors.js';
import { switchOf, variableGiven } from './option-variables.js';
import { isSlip } from './suggestions.js';

/** The roles there are; a role's command is built when it is asked for. */
export interface Commands {
  readonly names: readonly string[];
  readonly build: (name: string) => Command;
  /** Throws what only several options of a role together can get wrong. */
  readonly check: (name: string, options: object) => void;
}

/** Options that say what this run is to do, and so have no place in a file. */
const ofOneRun: readonly string[] = ['config', 'help', 'version'];

/** Options of a command that a file may give. */
export const settable = (command: Command): Option[] =>
  command.options.filter((option) => !ofOneRun.includes(option.name()));

/** A parser that takes what came before it collects: the option may be repeated. */
export const isRepeatable = ({ parseArg, argChoices }: Option): boolean =>
  parseArg?.length === 2 && argChoices === undefined;

/** One whose value is itself a list with commas, such as `<H:P,...>`. */
const isCommaList = ({ flags }: Option): boolean => flags.includes(',...');

/** Whether a value must not be shown. */
export const isSecret = (option: Option): boolean => option.name() === 'token';

/** Names of the options of a command and of all below it. */
function optionNames(command: Command): Set<string> {
  const own = settable(command).map((option) => option.name());
  return new Set([...own, ...command.commands.flatMap((each) => [...optionNames(each)])]);
}

/**
 * What keys of a file are no option and no section. On top stands what is an option of any role. Of other
 * roles' sections only the names are looked at, and no other role is loaded unless a key on top is none of
 * this one's.
 */
export function keyFaults({ root }: ConfigFile, role: string, command: Command, roles: Commands): string[] {
  const faults = sectionFaults(root.sections.get(role), role, command, roles);
  const own = optionNames(command);
  for (const [key, { place, values }] of root.settings) {
    if (own.has(key) || (values === null && roles.names.includes(key))) continue;
    const all = new Set(roles.names.flatMap((name) => [...optionNames(roles.build(name))]));
    if (!all.has(key)) faults.push(`${place}: ${key}: no option of any role${meant(key, [...all, ...roles.names])}`);
  }
  for (const [key, { place }] of root.sections)
    if (!roles.names.includes(key)) faults.push(`${place}: ${key}: no role of trireme${meant(key, roles.names)}`);
  return faults;
}

function sectionFaults(section: Section | undefined, path: string, command: Command, roles: Commands): string[] {
  if (section === undefined) return [];
  const known = optionNames(command);
  const below = command.commands.map((each) => each.name());
  const faults: string[] = [];
  for (const [key, { place, values }] of section.settings) {
    if (known.has(key) || (values === null && below.includes(key))) continue;
    const others = roles.names.filter((name) => optionNames(roles.build(name)).has(key));
    const hint = others.length > 0 ? ` (one of ${others.join(', ')})` : meant(key, [...known, ...below]);
    faults.push(`${place}: ${dotted(path, key)}: no option of trireme ${path}${hint}`);
  }
  for (const [key, inner] of section.sections) {
    const subcommand = command.commands.find((each) => each.name() === key);
    if (subcommand !== undefined) faults.push(...sectionFaults(inner, `${path} ${key}`, subcommand, roles));
    else faults.push(`${inner.place}: ${dotted(path, key)}: no section of trireme ${path}${meant(key, below)}`);
  }
  return faults;
}

const dotted = (path: string, key: string): string => `${path.replaceAll(' ', '.')}.${key}`;

/**
 * A key that is written otherwise than its option: `log_level`, `logLevel`, `--log-level`, or a slip of the keyboard.
 */
function meant(key: string, words: readonly string[]): string {
  const plain = key
    .replace(/^-+/, '')
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();
  const others = words.filter((each) => each !== key);
  const word = others.find((each) => each === plain) ?? others.find((each) => isSlip(plain, each));
  return word === undefined ? '' : ` (did you mean ${word}?)`;
}

/** What a file has given to a command. */
export interface Applied {
  /** Where the value of an option stands, by the option's name. */
  readonly places: ReadonlyMap<string, Setting>;
  readonly faults: readonly string[];
}

/**
 * Gives a command, whose line and variables were read, the options that only its file has. The innermost
 * section that has an option counts. One that cannot stand beside an option of the line or of a variable
 * yields to it.
 * @param path names of the role and its subcommand
 */
export function applySettings(
  command: Command,
  path: readonly string[],
  { root }: ConfigFile,
  roles: Pick<Commands, 'names'>,
  env: NodeJS.ProcessEnv = process.env,
): Applied {
  const places = new Map<string, Setting>();
  const faults: string[] = [];
  const sections = [root];
  for (const name of path) {
    const inner = sections[0].sections.get(name);
    if (inner === undefined) break;
    sections.unshift(inner);
  }
  const given = (option: Option): boolean =>
    ['cli', 'env'].includes(command.getOptionValueSource(option.attributeName()) ?? '') ||
    variableGiven(path.join(' '), option, env) !== null;
  const options = settable(command);
  const before = new Set(options.filter(given).map((option) => option.attributeName()));
  const rivals = (option: Option): Option[] => options.filter((other) => conflict(option, other));
  for (const option of options) {
    const depth = sections.findIndex(({ settings }) => settings.has(option.name()));
    const setting = sections[depth]?.settings.get(option.name());
    if (setting === undefined || before.has(option.attributeName())) continue;
    if (rivals(option).some((rival) => before.has(rival.attributeName()))) continue;
    // On top it may be a role without settings: --master is an option, too.
    if (setting.values === null && sections[depth] === root && roles.names.includes(option.name())) continue;
    const where = [...path.slice(0, sections.length - 1 - depth), option.name()].join('.');
    const why = apply(command, option, setting);
    if (why !== null) faults.push(`${setting.place}: ${where}: ${why}`);
    else places.set(option.name(), setting);
  }
  for (const option of options)
    for (const rival of options.slice(options.indexOf(option) + 1)) {
      const [one, other] = [places.get(option.name()), places.get(rival.name())];
      if (one !== undefined && other !== undefined && conflict(option, rival))
        faults.push(`${other.place}: ${rival.name()} cannot stand beside ${option.name()}, which is at ${one.place}`);
    }
  return { places, faults };
}

/** Commander keeps what `conflicts` was told, and has no way to ask for it. */
const conflictsOf = (option: Option): readonly string[] =>
  (option as unknown as { conflictsWith: readonly string[] }).conflictsWith;

const conflict = (one: Option, other: Option): boolean =>
  conflictsOf(one).includes(other.attributeName()) || conflictsOf(other).includes(one.attributeName());

/** Sets one option. Returns what is wrong with its value; null: nothing. */
function apply(command: Command, option: Option, { values, list }: Setting): string | null {
  if (values === null) return 'has no value';
  const attribute = option.attributeName();
  if (!option.required && !option.optional) {
    const on = list ? null : switchOf(values[0]);
    if (on === null) return `'${values.join(', ')}' is neither true nor false: ${option.flags} has no value`;
    if (on) command.setOptionValueWithSource(attribute, !option.negate, 'config');
    return null;
  }
  // One that may go without its value.
  if (option.optional && !list && values[0] === 'true') {
    command.setOptionValueWithSource(attribute, true, 'config');
    return null;
  }
  if (option.variadic && option.parseArg === undefined) {
    command.setOptionValueWithSource(attribute, [...values], 'config');
    return null;
  }
  if (list && !isRepeatable(option) && !isCommaList(option)) return `is a list, and ${option.flags} has one value`;
  try {
    const texts = isRepeatable(option) ? values : [values.join(',')];
    const parse = option.parseArg ?? ((text: string): unknown => text);
    const value = texts.reduce<unknown>((earlier, text) => parse(text, earlier), undefined);
    command.setOptionValueWithSource(attribute, value, 'config');
    return null;
  } catch (error) {
    const { message } = error as Error;
    if (!(error instanceof InvalidArgumentError || (error instanceof TriremeError && error.code === 'USAGE')))
      throw error;
    return option.argChoices === undefined ? message : `'${values.join(', ')}': ${message}`;
  }
}

/** Refuses a command's start for what its file has wrong: the first in full, and how to see the others. */
export function refuseFaults(faults: readonly string[], path: string, role: string): void {
  if (faults.length === 0) return;
  const others = faults.length === 1 ? '' : `; and ${faults.length - 1} more: trireme config check ${path} ${role}`;
  throw new TriremeError('USAGE', `${faults[0]}${others}`);
}
