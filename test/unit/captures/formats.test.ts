import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyzeFile } from '../../../src/api/analyze.js';
import { projectRoot } from '../../../src/common/version.js';
import { formats, type FormatRow } from '../../support/format-table.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();
const document = readFileSync(join(projectRoot, 'docs', 'FORMATS.md'), 'utf8');

/** What is said of a file. */
async function said({ bytes }: FormatRow): Promise<string> {
  const path = scratch.file('FILE', bytes);
  try {
    const { packets, format, compression, error_detail } = await analyzeFile(path);
    const counted = `${packets} ${packets === 1 ? 'packet' : 'packets'} (${compression === null ? format : `${format}, ${compression}`})`;
    return error_detail === undefined ? counted : `${counted}, then: ${error_detail}`;
  } catch (error) {
    return (error as Error).message.slice(`${path}: not a capture: `.length);
  }
}

/** The line of the document. */
async function lineOf(format: FormatRow): Promise<string> {
  return `| ${format.name} | ${(await said(format)).replaceAll('|', '\\|')} |`;
}

test('the document says of each of at least 30 what is said, and of no other', async () => {
  expect(formats.length).toBeGreaterThanOrEqual(30);
  const lines: string[] = [];
  for (const format of formats) lines.push(await lineOf(format));
  if (process.env.TRIREME_PRINT_FORMATS !== undefined) process.stdout.write(`${lines.join('\n')}\n`);
  expect(document.split('\n').filter((line) => /^\| (?!File |---)/.test(line))).toEqual(lines);
});

test('what is not read has a command or a reason, and no message names a bound by its identifier', async () => {
  for (const format of formats) {
    const words = await said(format);
    expect(words).not.toMatch(/\b[a-z]+[A-Z]\w+/);
    if (words.startsWith('it is'))
      expect(words).toMatch(
        /FILE|transfer it again|fetch the capture again|write the file itself|no packets of a network|give the capture/,
      );
  }
});
