import type { Command, Option } from 'commander';
import type { Commands } from './config-settings.js';

/**
 * Lets every option of a role, and of its subcommands, be given by a file too. The command line goes before a
 * variable, and a variable before the file. What reads the file is loaded when there is one: no analysis
 * waits for it.
 */
export function addConfigOption(command: Command, role: string, roles: Commands): Command {
  const needed = new Map<Command, readonly Option[]>();
  declare(command, needed);
  return command.hook('preAction', (_root, acting) => {
    const path = (acting.opts() as { config?: string }).config;
    if (path !== undefined) readSettings(acting, path, [command, role], roles);
    for (const option of needed.get(acting) ?? [])
      if (acting.getOptionValue(option.attributeName()) === undefined)
        acting.error(`error: required option '${option.flags}' not specified`);
  });
}

/** Commander asks for required options before a file can have given them: here they are asked for after. */
function declare(command: Command, needed: Map<Command, readonly Option[]>): void {
  for (const each of command.commands) declare(each, needed);
  if (command.options.length === 0) return;
  const mandatory = command.options.filter((option) => option.mandatory);
  for (const option of mandatory) option.mandatory = false;
  needed.set(command, mandatory);
  command.option('--config <file>', 'settings in YAML; the command line and variables go before them');
}

function readSettings(acting: Command, path: string, [command, role]: [Command, string], roles: Commands): void {
  const { readConfigFile } = require('./config-file.js') as typeof import('./config-file.js');
  const settings = require('./config-settings.js') as typeof import('./config-settings.js');
  const file = readConfigFile(path);
  const names = acting === command ? [role] : [role, acting.name()];
  settings.refuseFaults(
    [
      ...file.faults,
      ...settings.keyFaults(file, role, command, roles),
      ...settings.applySettings(acting, names, file, roles).faults,
    ],
    path,
    role,
  );
}
