import { Argument, Command } from 'commander';
import { readConfigFile, type ConfigFile } from '../common/config-file.js';
import { keyFaults } from '../common/config-settings.js';
import { TriremeError } from '../common/errors.js';
import { linesForTerminal } from '../common/for-terminal.js';
import { commands } from '../roles.js';
import { effectiveSettings, settingsText } from './effective.js';

const notes = `
Settings:
  A file has the options of trireme ROLE --help by their names, on top for every role that has them, or below the
  name of one, as here:

    log-level: warn
    tls-ca: /etc/trireme/ca.crt
    lb:
      tcp: 192.0.2.1:13337
      tcp-tls: true
    worker:
      host: [192.0.2.1:50051, 192.0.2.1:50052]
      captures: [/data, /more]

  What stands below a role goes before what stands on top; a variable goes before the file, and the command line
  before both. Without a ROLE the roles that have a section are shown. What is shown is such a file: each setting with
  where it comes from, defaults as comments, and no secret. Ports and files that settings name are not looked at.

Exit codes:
  0  every setting is one that its role takes
  2  some are not, each told as FILE:LINE:COLUMN: KEY: what is wrong; or the file cannot be read

Example:
  trireme config check /etc/trireme/trireme.yaml lb
  trireme lb --config /etc/trireme/trireme.yaml`;

/** `trireme config check FILE [ROLE]` */
export function buildCommand(): Command {
  const command = new Command().description('settings in files, which every role takes by --config').exitOverride();
  command
    .command('check')
    .description('check a file of settings, and show what they come to')
    .argument('<file>', 'settings in YAML')
    .addArgument(new Argument('[role]', 'whose settings to show').choices(commands.names))
    .addHelpText('after', notes)
    .exitOverride()
    .action(check);
  return command;
}

function check(path: string, role: string | undefined): void {
  const file = readConfigFile(path);
  const shown = role === undefined ? commands.names.filter((name) => file.root.sections.has(name)) : [role];
  const checked = role === undefined ? rolesOf(file) : [role];
  const effective = shown.flatMap((name) => effectiveSettings(name, file, process.env));
  const faults = new Set([
    ...file.faults,
    ...checked.flatMap((name) => keyFaults(file, name, commands.build(name), commands)),
    ...effective.flatMap((each) => each.faults),
    // Those that are not shown may have other bounds for what stands on top.
    ...checked.flatMap((name) => effectiveSettings(name, file, null).flatMap((each) => each.settingFaults)),
  ]);
  if (faults.size > 0) {
    process.stderr.write(linesForTerminal(`${[...faults].sort(byPlace).join('\n')}\n`));
    throw new TriremeError('USAGE', `${path}: ${faults.size === 1 ? 'one fault' : `${faults.size} faults`}`);
  }
  const texts = effective.filter(({ settings }) => settings.length > 0).map(settingsText);
  process.stdout.write(linesForTerminal(texts.join('\n')));
  if (effective.length === 0)
    process.stdout.write(linesForTerminal(`# ${path} has no fault; name a role to see what it runs with\n`));
}

/** In the order of the file; what has no place in it comes last. */
function byPlace(one: string, other: string): number {
  const lineOf = (fault: string): number => Number(/^.*?:(\d+):\d+: /.exec(fault)?.[1] ?? Infinity);
  const [first, second] = [lineOf(one), lineOf(other)];
  return first === second ? 0 : first - second;
}

/** Every role: a key on top is for all that have it. Where nothing stands there, those that have sections. */
function rolesOf({ root }: ConfigFile): readonly string[] {
  return root.settings.size > 0 ? commands.names : commands.names.filter((name) => root.sections.has(name));
}
