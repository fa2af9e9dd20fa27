import { Alias, LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument, type Document } from 'yaml';
import { TriremeError } from './errors.js';
import { readSmallFile } from './small-file.js';

/** A setting as its file has it. */
export interface Setting {
  /** Where it stands: `FILE:LINE:COLUMN`. */
  readonly place: string;
  /** Its values as they are written; of one value that is no list, one. Null: there is none. */
  readonly values: readonly string[] | null;
  readonly list: boolean;
}

/** What stands below one key, or in the whole file. */
export interface Section {
  readonly place: string;
  readonly settings: ReadonlyMap<string, Setting>;
  readonly sections: ReadonlyMap<string, Section>;
}

export interface ConfigFile {
  readonly root: Section;
  /** What is wrong with it as YAML, a line each. */
  readonly faults: readonly string[];
}

/** The file, a role in it, and a subcommand of that role, as in `xdp: { attach: { iface: eth0 } }`. */
export const sectionDepthMax = 3;

/** Values in a file. All options of all roles are some 300; more come of aliases of aliases, which multiply. */
export const configValuesMax = 10_000;

/** Reads a file of settings. @param option that names it. @throws TriremeError FILE_UNREADABLE */
export function readConfigFile(path: string, option = '--config'): ConfigFile {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readSmallFile(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not text in UTF-8' : message;
    throw new TriremeError('FILE_UNREADABLE', `${option} ${path}: ${why}`, { cause: error });
  }
  return parseConfig(text, path);
}

/** The settings of a file of that name. */
export function parseConfig(text: string, name: string): ConfigFile {
  const lines = new LineCounter();
  // Plain errors: pretty ones repeat lines of the file, which may hold a token.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const placeOf = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const faults = document.errors.map(({ code, pos, message }) => {
    const why = code === 'MULTIPLE_DOCS' ? 'another document begins, and settings are one' : message;
    return `${placeOf(pos[0])}: ${why}`;
  });
  const reader = new Reader(document, placeOf, faults);
  const root = reader.section(document.contents, placeOf(0), 1);
  return { root, faults };
}

const nothing = (place: string): Section => ({ place, settings: new Map(), sections: new Map() });

class Reader {
  private values = 0;

  constructor(
    private readonly document: Document,
    private readonly placeOf: (offset: number) => string,
    private readonly faults: string[],
  ) {}

  section(content: unknown, place: string, depth: number): Section {
    if (content === null || (isScalar(content) && content.value === null)) return nothing(place);
    if (!isMap(content)) return this.refuse(place, 'settings are lines such as log-level: debug');
    if (depth > sectionDepthMax)
      return this.refuse(place, `sections nest ${depth} deep, which is over ${sectionDepthMax} (sectionDepthMax)`);
    const settings = new Map<string, Setting>();
    const sections = new Map<string, Section>();
    for (const { key, value } of content.items) {
      if (this.values++ >= configValuesMax)
        return this.refuse(place, `more values than ${configValuesMax} (configValuesMax)`);
      if (!isScalar(key)) {
        this.refuse(place, 'a key is one word');
        continue;
      }
      const name = String(key.value);
      const at = this.placeOf(key.range?.[0] ?? 0);
      const node = this.resolved(value);
      if (isMap(node)) sections.set(name, this.section(node, at, depth + 1));
      else settings.set(name, this.setting(node, at));
    }
    return { place, settings, sections };
  }

  private setting(node: unknown, place: string): Setting {
    const items = isSeq(node) ? node.items.map((item) => this.resolved(item)) : [node];
    this.values += items.length;
    if (this.values > configValuesMax) this.refuse(place, `more values than ${configValuesMax} (configValuesMax)`);
    const texts = items.map(textOf);
    if (isSeq(node) && texts.includes(null)) this.refuse(place, 'each of a list is one value');
    const values = texts.filter((text) => text !== null);
    return { place, values: values.length === texts.length ? values : null, list: isSeq(node) };
  }

  private resolved(node: unknown): unknown {
    if (!isAlias(node)) return node;
    const found = (node as Alias).resolve(this.document);
    if (found === undefined)
      this.refuse(this.placeOf(node.range?.[0] ?? 0), 'an alias of nothing that stands before it');
    return found;
  }

  private refuse(place: string, why: string): Section {
    this.faults.push(`${place}: ${why}`);
    return nothing(place);
  }
}

/** A value as the command line would have it: 0.50 is no number yet. Null: there is none. */
function textOf(node: unknown): string | null {
  if (!isScalar(node) || node.value === null) return null;
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}
