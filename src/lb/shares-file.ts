import type { ConfigFile, Section, Setting } from '../common/config-file.js';
import { TriremeError } from '../common/errors.js';
import { byteSize, decimal, integer } from '../common/options.js';
import { isSlip } from '../common/suggestions.js';
import type { ShareTerms } from '../hub/shares/share.js';

/** What a file says of one client. */
export interface ClientTerms extends ShareTerms {
  /** Jobs outstanding, and bytes of their payloads; Infinity: no bound of its own. */
  readonly jobsMax: number;
  readonly bytesMax: number;
}

export interface ShareSettings {
  /** Of each client that is not named. */
  readonly others: ClientTerms;
  readonly clients: ReadonlyMap<string, ClientTerms>;
}

/** Clients that a file names: each is looked at for each job while it has some that wait. */
export const clientsNamedMax = 1_000;
/** Characters of a name: as many as a credential has, and a certificate's name. */
const nameLengthMax = 64;
/** Weights and seconds a second: beyond them a slip is more likely than a purpose. */
const numberMin = 0.001;
const numberMax = 1_000_000;
const jobsBound = 10_000_000;

const unbounded: ClientTerms = {
  weight: 1,
  secondsPerSecondMax: Infinity,
  jobsMax: Infinity,
  bytesMax: Infinity,
};

/** Parsers throw what a value should have been. */
const fields: Readonly<Record<keyof ClientTerms, (text: string) => number>> = {
  weight: decimal(numberMin, numberMax),
  jobsMax: integer(1, jobsBound),
  bytesMax: byteSize(1, 2 ** 40),
  secondsPerSecondMax: decimal(numberMin, numberMax),
};
const fieldNames = Object.keys(fields);

/**
 * Reads the file of --shares. @throws TriremeError FILE_UNREADABLE, or USAGE with place, value and bound of
 * what is wrong
 */
export function readShares(path: string): ShareSettings {
  // Loaded only here, with the package that reads YAML.
  const { readConfigFile } = require('../common/config-file.js') as typeof import('../common/config-file.js');
  return compileShares(readConfigFile(path, '--shares'));
}

/** @throws TriremeError USAGE */
export function compileShares({ root, faults: before }: ConfigFile): ShareSettings {
  const faults = [...before];
  const clients = new Map<string, ClientTerms>();
  let others = unbounded;
  for (const [key, section] of root.sections) {
    if (key === 'default') others = termsOf(section, faults);
    else if (key === 'clients') clientsOf(section, clients, faults);
    else faults.push(`${section.place}: ${key} is neither default nor clients`);
  }
  for (const [key, { place, values }] of root.settings) {
    if (key !== 'default' && key !== 'clients') faults.push(`${place}: ${key} is neither default nor clients`);
    else faults.push(`${place}: ${key} ${values === null ? 'is empty' : `'${values.join(', ')}' is no section`}`);
  }
  if (faults.length === 0 && root.sections.size === 0)
    faults.push(
      `${root.place}: says nothing; write 'clients:' and below it a name and what is its own, such as weight: 3`,
    );
  if (faults.length === 0) return { others, clients };
  const more = faults.length === 1 ? '' : `; and ${faults.length - 1} more`;
  throw new TriremeError('USAGE', `--shares ${faults[0]}${more}`);
}

function clientsOf({ settings, sections }: Section, clients: Map<string, ClientTerms>, faults: string[]): void {
  for (const [name, { place, values }] of settings) {
    if (values === null) addClient(name, { place, settings: new Map(), sections: new Map() }, clients, faults);
    else faults.push(`${place}: ${name}: '${values.join(', ')}' is no section, such as { weight: 3 }`);
  }
  for (const [name, section] of sections) addClient(name, section, clients, faults);
}

function addClient(name: string, section: Section, clients: Map<string, ClientTerms>, faults: string[]): void {
  const { place } = section;
  if (name.length === 0 || name.length > nameLengthMax)
    faults.push(`${place}: a name of ${name.length} characters is not one of 1 to ${nameLengthMax}`);
  if (clients.size === clientsNamedMax)
    faults.push(`${place}: ${name}: more clients than ${clientsNamedMax} (clientsNamedMax)`);
  clients.set(name, termsOf(section, faults));
}

function termsOf({ settings, sections }: Section, faults: string[]): ClientTerms {
  const terms: Record<string, number> = { ...unbounded };
  for (const [field, setting] of settings) {
    const parse = Object.hasOwn(fields, field) ? fields[field as keyof ClientTerms] : undefined;
    if (parse === undefined) faults.push(noField(field, setting.place));
    else terms[field] = valueOf(field, setting, parse, faults);
  }
  for (const [field, { place }] of sections) faults.push(noField(field, place));
  return terms as unknown as ClientTerms;
}

function valueOf(
  field: string,
  { place, values, list }: Setting,
  parse: (text: string) => number,
  faults: string[],
): number {
  const text = values?.join(', ') ?? '';
  try {
    if (values === null || list) throw new Error('is not one value');
    return parse(text);
  } catch (error) {
    const why = (error as Error).message;
    faults.push(`${place}: ${field} ${why.includes(`'${text}'`) ? why : `'${text}' ${why}`}`);
    return NaN;
  }
}

function noField(field: string, place: string): string {
  const meant = fieldNames.find((each) => isSlip(field, each));
  return `${place}: there is no ${field}${meant === undefined ? `; there are ${fieldNames.join(', ')}` : `: ${meant}?`}`;
}
