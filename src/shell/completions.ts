import type { Option } from 'commander';
import { takesValue, valueKind, type DescribedCommand, type ValueKind } from './describe.js';

/** Shells whose completions are made. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** The completion script of a shell, from the declarations of --help. */
export function completionOf(shell: Shell, commands: readonly DescribedCommand[]): string {
  return { bash, zsh, fish }[shell](commands);
}

const flagsOf = ({ short, long }: Option): string[] => [short, long].filter((flag) => flag !== undefined);
const kindOf = ({ argChoices, flags }: Option): ValueKind => valueKind({ argChoices, words: flags });
const rolesOf = (commands: readonly DescribedCommand[]): DescribedCommand[] =>
  commands.filter(({ name }) => !name.includes(' '));
const below = (commands: readonly DescribedCommand[], role: string): DescribedCommand[] =>
  commands.filter(({ name }) => name.startsWith(`${role} `));
/** What stands where an option does not: files, for a command that takes arguments. */
const argumentKind = ({ arguments: args }: DescribedCommand): ValueKind =>
  args.length === 0 ? { kind: 'text' } : valueKind({ argChoices: args[0].argChoices, words: `<${args[0].name()}>` });

// bash: `compgen` and nothing of the package bash-completion, which may be missing.

function bash(commands: readonly DescribedCommand[]): string {
  const generate = (value: ValueKind): string => {
    if (value.kind === 'choices') return `COMPREPLY=($(compgen -W '${value.choices.join(' ')}' -- "$word"))`;
    if (value.kind === 'text') return 'COMPREPLY=()';
    return `compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -${value.kind === 'folder' ? 'd' : 'f'} -- "$word"))`;
  };
  const values = commands.flatMap((command) =>
    command.options
      .filter(takesValue)
      .map(
        (option) =>
          `    '${command.name}':${flagsOf(option).join(`|'${command.name}':`)}) ${generate(kindOf(option))} ;;`,
      ),
  );
  const words = commands.map((command) => {
    const flags = command.options.flatMap(flagsOf).join(' ');
    const subcommands = below(commands, command.name).map(({ name }) => name.split(' ')[1]);
    const otherwise =
      subcommands.length > 0
        ? `COMPREPLY=($(compgen -W '${subcommands.join(' ')}' -- "$word"))`
        : generate(argumentKind(command));
    return `    '${command.name}') if [[ $word == -* ]]; then COMPREPLY=($(compgen -W '${flags}' -- "$word")); else ${otherwise}; fi ;;`;
  });
  const twoWords = commands.filter(({ name }) => name.includes(' ')).map(({ name }) => `'${name}'`);
  return `# Completion of trireme for bash: source <(trireme completion bash)
_trireme() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${rolesOf(commands)
      .map(({ name }) => name)
      .join(' ')} --help --version' -- "$word"))
    return
  fi
  if ((COMP_CWORD > 2)); then
    case "$command \${COMP_WORDS[2]}" in
      ${twoWords.join(' | ')}) command="$command \${COMP_WORDS[2]}" ;;
    esac
  fi
  case "$command:$before" in
${values.join('\n')}
    *)
  case "$command" in
${words.join('\n')}
  esac ;;
  esac
}
complete -F _trireme trireme
`;
}

// zsh: _arguments of its completion system.

function zsh(commands: readonly DescribedCommand[]): string {
  // Within single quotes; brackets and colons mean something to _arguments.
  const words = (text: string): string =>
    text
      .split('\n')[0]
      .replace(/[[\]:\\]/g, '\\$&')
      .replaceAll("'", "'\\''");
  const action = (value: ValueKind): string =>
    value.kind === 'choices'
      ? `(${value.choices.join(' ')})`
      : value.kind === 'file'
        ? '_files'
        : value.kind === 'folder'
          ? '_files -/'
          : ' ';
  const one = (command: DescribedCommand): string => {
    const options = command.options.flatMap((option) =>
      flagsOf(option).map(
        (flag) =>
          `'*${flag}[${words(option.description)}]${takesValue(option) ? `:value:${action(kindOf(option))}` : ''}'`,
      ),
    );
    const rest =
      command.arguments.length === 0
        ? []
        : [`'*:${words(command.arguments[0].name())}:${action(argumentKind(command))}'`];
    return `_arguments -s ${[...options, ...rest].join(' \\\n        ')}`;
  };
  const list = (of: readonly DescribedCommand[]): string =>
    of.map(({ name, summary }) => `'${name.split(' ').pop()}:${words(summary)}'`).join(' \\\n      ');
  const cases = rolesOf(commands).map((role) => {
    const subcommands = below(commands, role.name);
    if (subcommands.length === 0) return `    ${role.name})\n      ${one(role)} ;;`;
    const each = subcommands.map(
      (sub) => `        ${sub.name.split(' ')[1]})\n        shift words; ((CURRENT--)); ${one(sub)} ;;`,
    );
    return `    ${role.name})
      if ((CURRENT == 2)); then
        local -a subcommands=(${list(subcommands)})
        _describe subcommand subcommands
        return
      fi
      case $words[2] in
${each.join('\n')}
      esac ;;`;
  });
  return `#compdef trireme
# Completion of trireme for zsh: this file as _trireme in a folder of $fpath, or source <(trireme completion zsh)
_trireme() {
  if ((CURRENT == 2)); then
    local -a roles=(${list(rolesOf(commands))})
    _describe role roles
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _trireme ]; then _trireme "$@"; else compdef _trireme trireme; fi
`;
}

// fish: one `complete` for each word.

function fish(commands: readonly DescribedCommand[]): string {
  const quoted = (text: string): string => `'${text.split('\n')[0].replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const value = (of: ValueKind): string => {
    if (of.kind === 'choices') return ` -x -a ${quoted(of.choices.join(' '))}`;
    if (of.kind === 'file') return ' -r -F';
    return of.kind === 'folder' ? " -x -a '(__fish_complete_directories)'" : ' -x';
  };
  const lines = rolesOf(commands).map(
    ({ name, summary }) => `complete -c trireme -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
  );
  for (const command of commands) {
    const seen = command.name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
    for (const sub of below(commands, command.name)) {
      const all = below(commands, command.name).map(({ name }) => name.split(' ')[1]);
      const first = `${seen}; and not __fish_seen_subcommand_from ${all.join(' ')}`;
      lines.push(`complete -c trireme -n '${first}' -f -a ${sub.name.split(' ')[1]} -d ${quoted(sub.summary)}`);
    }
    if (argumentKind(command).kind === 'file') lines.push(`complete -c trireme -n '${seen}' -F`);
    for (const option of command.options) {
      const flags = `${option.short === undefined ? '' : ` -s ${option.short.slice(1)}`}${option.long === undefined ? '' : ` -l ${option.long.slice(2)}`}`;
      const taken = takesValue(option) ? value(kindOf(option)) : '';
      lines.push(`complete -c trireme -n '${seen}'${flags}${taken} -d ${quoted(option.description)}`);
    }
  }
  return `# Completion of trireme for fish: trireme completion fish | source
complete -c trireme -f
${lines.join('\n')}
`;
}
