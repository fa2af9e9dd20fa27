import type { EventEmitter } from 'node:events';
import type { Command, Option } from 'commander';
import { TriremeError } from './errors.js';
import { tokenVariable } from './trust/options.js';

/** Words for an option without a value, as people write them in an environment. */
const yes = /^(1|true|yes|on)$/i;
const no = /^(0|false|no|off)$/i;

/** Variables that Kubernetes sets for a Service that is called as a role is. */
const ofServices = /_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT|PORT_\d+_.+)$/;

/** What `trireme lb --log-level` is called in the environment: TRIREME_LB_LOG_LEVEL. */
export function variableOf(role: string, option: string): string {
  return `TRIREME_${`${role}_${option}`.toUpperCase().replaceAll(/[- ]/g, '_')}`;
}

/**
 * Lets each option of a role be given by a variable too; the command line goes before it, and an empty
 * variable is none. A token has TRIREME_TOKEN alone, whose value no error repeats.
 * @returns names of variables that begin as the role's do and are none of its options
 * @throws TriremeError USAGE for an option without a value whose variable is neither yes nor no
 */
export function bindVariables(command: Command, role: string, env: NodeJS.ProcessEnv = process.env): string[] {
  const prefix = variableOf(role, '');
  const given = Object.keys(env).filter((name) => name.startsWith(prefix) && env[name] !== '');
  // Most starts: nothing is given.
  if (given.length === 0) return [];
  const known = bind(command, role, env);
  return given.filter((name) => !known.has(name) && !ofServices.test(name));
}

function bind(command: Command, role: string, env: NodeJS.ProcessEnv): Set<string> {
  const known = new Set<string>();
  for (const option of [...command.options]) {
    const name = variableOf(role, option.name());
    const value = env[name] ?? '';
    if (option.name() === 'token') continue;
    known.add(name);
    if (value !== '' && wanted(option, name, value)) rebind(command, option, name);
  }
  for (const subcommand of command.commands)
    for (const name of bind(subcommand, `${role} ${subcommand.name()}`, env)) known.add(name);
  return known;
}

/** What a word says of an option without a value; null: it is no such word. */
export function switchOf(word: string): boolean | null {
  if (yes.test(word)) return true;
  return no.test(word) ? false : null;
}

/** The variable that says something of an option of a role, if there is one: also one that says no. */
export function variableGiven(role: string, option: Option, env: NodeJS.ProcessEnv): string | null {
  const own = option.name() === 'token' ? tokenVariable : variableOf(role, option.name());
  return [own, option.envVar].find((name) => name !== undefined && (env[name] ?? '') !== '') ?? null;
}

/** Whether the variable gives the option: one without a value is given by its being there. */
function wanted(option: Option, name: string, value: string): boolean {
  const on = option.required || option.optional || switchOf(value);
  if (on !== null) return on;
  throw new TriremeError('USAGE', `${name}='${value}' is neither 1 nor 0: ${option.flags} has no value`);
}

/** Commander asks for an option's variable when the option is added: it is taken out and put back in its place. */
function rebind(command: Command, option: Option, variable: string): void {
  const options = command.options as Option[];
  const at = options.indexOf(option);
  options.splice(at, 1);
  const emitter = command as unknown as EventEmitter;
  for (const event of ['option', 'optionEnv']) emitter.removeAllListeners(`${event}:${option.name()}`);
  command.addOption(option.env(variable));
  options.splice(at, 0, ...options.splice(-1));
}
