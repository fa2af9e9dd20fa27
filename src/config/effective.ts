import { CommanderError, type Command, type Option } from 'commander';
import type { ConfigFile, Setting } from '../common/config-file.js';
import { applySettings, isSecret, settable, type Applied } from '../common/config-settings.js';
import { TriremeError } from '../common/errors.js';
import { bindVariables, switchOf, variableGiven } from '../common/option-variables.js';
import { compileDiallerTrust } from '../common/trust/options.js';
import { commands } from '../roles.js';

/** What one option is, and why. */
interface EffectiveSetting {
  readonly name: string;
  /** As it is written in a file; null: a secret. */
  readonly value: string | null;
  /** Where it comes from: a place in the file, or a variable; null: it is the default. */
  readonly source: string | null;
}

/** What a command runs with, given a file and variables and no option on its line. */
export interface Effective {
  readonly title: string;
  readonly settings: readonly EffectiveSetting[];
  /** What is wrong in the file alone. */
  readonly settingFaults: readonly string[];
  /** What is wrong in all. */
  readonly faults: readonly string[];
}

/** A role's settings; of one with subcommands, those of each. Without variables: what the file alone gives. */
export function effectiveSettings(role: string, file: ConfigFile, variables: NodeJS.ProcessEnv | null): Effective[] {
  const { commands: below } = commands.build(role);
  const paths = below.length === 0 ? [[role]] : below.map((each) => [role, each.name()]);
  return paths.map((path) => effectiveOf(path, file, variables));
}

function effectiveOf(path: readonly string[], file: ConfigFile, variables: NodeJS.ProcessEnv | null): Effective {
  const env = variables ?? {};
  const title = `trireme ${path.join(' ')}`;
  const root = commands.build(path[0]);
  const command = root.commands.find((each) => each.name() === path[1]) ?? root;
  const variableFaults = readVariables(root, command, path, variables);
  const applied = applySettings(command, path, file, commands, env);
  const settings = settable(command).flatMap((option) => effectiveSetting(path, option, applied, env));
  const faults = [...variableFaults, ...applied.faults];
  if (variables !== null && faults.length === 0) faults.push(...togetherFaults(path, command));
  return { title, settings, settingFaults: applied.faults, faults };
}

/** Parses an empty line, in which nothing is missing, so that commander takes the variables. */
function readVariables(
  root: Command,
  command: Command,
  path: readonly string[],
  env: NodeJS.ProcessEnv | null,
): string[] {
  for (const argument of command.registeredArguments) argument.argOptional();
  for (const option of command.options) option.mandatory = false;
  for (const each of [root, command]) each.exitOverride().configureOutput({ writeErr: () => undefined });
  command.action(() => undefined);
  if (env === null) return [];
  try {
    bindVariables(root, path[0], env);
    root.parse(path.slice(1), { from: 'user' });
    return [];
  } catch (error) {
    if (error instanceof CommanderError) return [error.message.replace(/^error: /, '')];
    return [refusal(error)];
  }
}

function effectiveSetting(
  path: readonly string[],
  option: Option,
  { places }: Applied,
  env: NodeJS.ProcessEnv,
): EffectiveSetting[] {
  const name = option.name();
  const one = (texts: readonly string[], list: boolean, source: string | null): EffectiveSetting[] => [
    { name, value: isSecret(option) ? null : written(option, texts, list), source },
  ];
  const setting: Setting | undefined = places.get(name);
  if (setting !== undefined) return one(setting.values ?? [], setting.list, setting.place);
  const variable = variableGiven(path.join(' '), option, env);
  if (variable !== null) return one([env[variable] ?? ''], false, variable);
  const { defaultValueDescription: words, defaultValue } = option as { defaultValueDescription?: string } & Option;
  const usual = words ?? (['string', 'number', 'boolean'].includes(typeof defaultValue) ? String(defaultValue) : null);
  if (usual === null || option.negate || option.hidden) return [];
  return [{ name, value: usual, source: null }];
}

/** A value as a file has it: plain where YAML reads it back as it is, else in quotes, without the password of a URL. */
function written(option: Option, texts: readonly string[], list: boolean): string {
  const shown = texts.map((text) => {
    if (!option.required && !option.optional) return String(switchOf(text) ?? text);
    const safe = text.replace(/\/\/.*@/, '//...@');
    const plain = /^[\w./+][\w./:+@%=-]*$/.test(safe) && !/:$|^null$/i.test(safe);
    return plain ? safe : JSON.stringify(safe);
  });
  return list ? `[${shown.join(', ')}]` : shown.join();
}

/** What only several options together can get wrong. */
function togetherFaults(path: readonly string[], command: Command): string[] {
  try {
    commands.check(path[0], command.opts());
    if (command.options.some((option) => option.name() === 'tls-name')) compileDiallerTrust(command.opts());
    return [];
  } catch (error) {
    return [`trireme ${path.join(' ')}: ${refusal(error)}`];
  }
}

function refusal(error: unknown): string {
  if (error instanceof TriremeError && error.kind.exitCode === 2) return error.message;
  throw error;
}

/** Lines of a file; what is no setting of it is a comment. */
export function settingsText({ title, settings }: Effective): string {
  const lines = settings.map(({ name, value, source }) => ({
    text: value === null ? `# ${name}: not shown` : `${source === null ? '# ' : ''}${name}: ${value}`,
    source: source ?? 'default',
  }));
  const width = Math.min(Math.max(0, ...lines.map(({ text }) => text.length)), 40);
  return [`# ${title}`, ...lines.map(({ text, source }) => `${text.padEnd(width)}  # ${source}`), ''].join('\n');
}
