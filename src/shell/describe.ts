import { Command, type Argument, type Option } from 'commander';
import { helpExamples } from '../help-examples.js';
import { addConfigOption } from '../common/config-option.js';
import { commands, roles } from '../roles.js';

/** What man pages and completions are made from: the declarations of --help. */
export interface DescribedCommand {
  /** Behind `trireme`: `lb`, or `xdp attach`. */
  readonly name: string;
  /** One line of `trireme --help`, or the first of the description. */
  readonly summary: string;
  readonly description: string;
  readonly usage: string;
  readonly options: readonly Option[];
  readonly arguments: readonly Argument[];
  /** What --help prints behind the options: notes and examples. */
  readonly notes: string;
}

/** Every command: each role, and behind a role its subcommands. Loads every role. */
export function describeCommands(): DescribedCommand[] {
  return Object.entries(roles).flatMap(([name, { summary }]) =>
    described(addConfigOption(commands.build(name), name, commands), name, summary),
  );
}

function described(command: Command, name: string, summary: string): DescribedCommand[] {
  const examples = helpExamples[name];
  const notes = notesOf(command) + (examples === undefined ? '' : `\nExamples:\n${indented(examples)}\n`);
  const own: DescribedCommand = {
    name,
    summary,
    description: command.description(),
    usage: command.name(name).usage(),
    options: command.createHelp().visibleOptions(command),
    arguments: command.registeredArguments,
    notes,
  };
  const below = command.commands.flatMap((each) =>
    described(each, `${name} ${each.name()}`, firstLine(each.description())),
  );
  return [own, ...below];
}

/** What was added behind the help, which commander gives to whoever asks as it would print it. */
function notesOf(command: Command): string {
  let notes = '';
  const context = { command, error: false, write: (text: string) => void (notes += text) };
  (command as unknown as NodeJS.EventEmitter).emit('afterHelp', context);
  return notes;
}

const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n');
const firstLine = (text: string): string => text.split('\n')[0];

/** What kind of value an option or an argument takes, by what it is called in --help. */
export function valueKind({ argChoices, words }: { argChoices?: readonly string[]; words: string }): ValueKind {
  if (argChoices !== undefined) return { kind: 'choices', choices: argChoices };
  if (/<(dir|folder|place)>|<dir\b/.test(words)) return { kind: 'folder' };
  if (/[<[](file|files|capture|table\|dir|files\.\.\.)[.\]>]/.test(words)) return { kind: 'file' };
  return { kind: 'text' };
}

export type ValueKind =
  { readonly kind: 'choices'; readonly choices: readonly string[] } | { readonly kind: 'file' | 'folder' | 'text' };

/** Whether an option is followed by a value. */
export const takesValue = (option: Option): boolean => option.required || option.optional;
