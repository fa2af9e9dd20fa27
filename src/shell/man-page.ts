import type { Option } from 'commander';
import { variableOf } from '../common/option-variables.js';
import { version } from '../common/version.js';
import { takesValue, type DescribedCommand } from './describe.js';

/** Text as roff takes it (groff_man(7)): backslashes and hyphens as such, and no line that begins a request. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
}

const head = (name: string): string =>
  `.TH "${roff(name.toUpperCase())}" "1" "" "Trireme ${roff(version)}" "Trireme"\n.nh\n.ad l\n`;

const pageName = (name: string): string => `trireme-${name.replaceAll(' ', '-')}`;

/** The page of one command; those of its subcommands stand on it. Named `trireme-lb.1`. */
export function manPage(command: DescribedCommand, below: readonly DescribedCommand[]): { name: string; text: string } {
  const name = pageName(command.name);
  const parts = [
    head(name),
    `.SH NAME\n${roff(name)} \\- ${roff(command.summary)}\n`,
    `.SH SYNOPSIS\n${[command, ...below].map(synopsis).join('.br\n')}`,
    `.SH DESCRIPTION\n${roff(command.description)}\n`,
    ...(command.options.length === 0 ? [] : [`.SH OPTIONS\n${command.options.map(option(command.name)).join('')}`]),
    ...below.map(
      (each) =>
        `.SH "${roff(each.name.toUpperCase())}"\n${roff(each.description)}\n${each.options.map(option(each.name)).join('')}`,
    ),
    ...notes(command.notes),
    ...below.flatMap(({ notes: text }) => notes(text)),
    '.SH SEE ALSO\n.BR trireme (1)\n',
  ];
  return { name: `${name}.1`, text: parts.join('') };
}

/** The page of the program: its roles. */
export function manOverview(commands: readonly DescribedCommand[]): { name: string; text: string } {
  const roles = commands.filter(({ name }) => !name.includes(' '));
  const text = [
    head('trireme'),
    '.SH NAME\ntrireme \\- packet captures on one core, all cores and a cluster; a job load balancer; UDP labs in XDP\n',
    '.SH SYNOPSIS\n.B trireme\n.I role\n.RI [ option ...]\n.br\n.B trireme\n.I role\n.B \\-\\-help\n',
    `.SH ROLES\n${roles.map(({ name, summary }) => `.TP\n.BR ${roff(pageName(name))} (1)\n${roff(summary)}\n`).join('')}`,
    `.SH FILES\nEach option can be given in a file of YAML too, which \\-\\-config names:\n` +
      `.BR trireme\\-config (1)\ntells its form, checks one, and shows what it comes to. Names of files in it are those of the command line, from\n` +
      `the folder in which the role starts. It is read once, at the start.\n`,
    `.SH ENVIRONMENT\nEach option can be given by a variable, called as the role and the option: \\-\\-slots of the worker is\n` +
      `.BR TRIREME_WORKER_SLOTS .\nThe command line goes before it, and it goes before a file of settings. An option without a value is given by 1. Of an option that may be\n` +
      `repeated a variable gives one.\n` +
      environment.map(([name, words]) => `.TP\n.B ${roff(name)}\n${roff(words)}\n`).join(''),
    '.SH EXIT STATUS\n0: done; 1: the work failed; 2: wrong usage.\n',
  ].join('');
  return { name: 'trireme.1', text };
}

/** Variables that are no option of one role. */
const environment: readonly (readonly [string, string])[] = [
  ['TRIREME_TOKEN', 'The token that this side asks for, or presents, where no option says it.'],
  [
    'TRIREME_STATE',
    'What --state of the master is, where the option is not given: a URL with a password is hidden so.',
  ],
  ['TRIREME_LOG_LEVEL', 'What --log-level is for each role that logs.'],
  ['TRIREME_LOG_FORMAT', 'What --log-format is for each role that logs.'],
  ['TRIREME_BPF_OBJECTS', 'Folder of the XDP programs, in place of the one that comes with the program.'],
  ['NODE_DISABLE_COMPILE_CACHE', 'If 1, analyze keeps no compiled code in ~/.cache/trireme.'],
];

function synopsis({ name, usage }: DescribedCommand): string {
  return `.B trireme ${roff(name)}\n${roff(usage)}\n`;
}

function option(role: string): (option: Option) => string {
  return (each) => {
    const { flags, description, defaultValue, defaultValueDescription, argChoices } = each;
    const facts = [
      ...(argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`]),
      // A default that is an object has words, or none that help.
      ...(defaultValueDescription !== undefined
        ? [`default ${defaultValueDescription}`]
        : ['number', 'string'].includes(typeof defaultValue) && !isOfThisMachine(defaultValue as string)
          ? [`default ${String(defaultValue)}`]
          : []),
      ...(each.name() === 'help' || each.name() === 'token' ? [] : [variableOf(role, each.name())]),
      ...(takesValue(each) || each.name() === 'help' ? [] : ['no value']),
    ];
    return `.TP\n.B ${roff(flags)}\n${roff(description)}${facts.length === 0 ? '' : ` (${roff(facts.join('; '))})`}\n`;
  };
}

/** Folders that depend on who makes the page, and where. */
const isOfThisMachine = (value: unknown): boolean => typeof value === 'string' && value.startsWith('/');

/** Notes as --help prints them: a heading is a line that ends in a colon and begins at its margin. */
function notes(text: string): string[] {
  if (text.trim() === '') return [];
  return text
    .replace(/^\n+/, '')
    .split(/^(?=\S.*:$)/m)
    .map((part) => {
      const [, title, body] = /^(\S.*):\n([^]*)$/.exec(part) ?? [null, 'Notes', part];
      return `.SH "${roff(title.toUpperCase())}"\n.nf\n${roff(body.trimEnd())}\n.fi\n`;
    });
}
