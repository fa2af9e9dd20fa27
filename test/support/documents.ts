import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';

/** A fenced block of a document. */
export interface Block {
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** What stands behind the fence: `sh lb` is ['sh', 'lb']. */
  readonly info: readonly string[];
  readonly text: string;
}

export interface Document {
  /** Below the repository. */
  readonly path: string;
  readonly blocks: readonly Block[];
}

/** Every document of the repository, with its fenced blocks. */
export function allDocuments(): Document[] {
  const below = (folder: string): string[] =>
    readdirSync(join(projectRoot, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name));
  return [...below('.'), ...below('docs'), ...below('docs/decisions'), ...below('captures')].map(readDocument);
}

export function readDocument(path: string): Document {
  const text = readFileSync(join(projectRoot, path), 'utf8');
  const blocks = [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length,
    info: match[1].split(' ').filter(Boolean),
    text: match[2],
  }));
  return { path, blocks };
}

/** The commands of a block: comments taken off, lines that end in a backslash joined. */
export function commandsOf({ text }: Block): string[] {
  return text
    .replace(/ *\\\n */g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s+)# .*$/, '').trim())
    .filter((line) => line !== '');
}
