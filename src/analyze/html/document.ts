import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { exactJson } from '../../common/exact-json.js';
import { projectRoot, version } from '../../common/version.js';
import { reportDataOf, type KeptEntry } from './report-data.js';

/** The report as one file of HTML, in pieces. */
export function htmlDocument(kept: readonly KeptEntry[], sort: string, bits = false): Iterable<string> {
  const data = reportDataOf(kept, sort, bits);
  const title = data.results.length === 1 ? data.results[0].file : `${data.filesTotal} captures`;
  return offlinePage({
    title: `${title} – capture report`,
    bundle: 'report',
    body: `<header class="report-head"><h1>Capture report</h1></header>
<main id="report"><noscript><p class="warning">This report draws itself with JavaScript, which is off here. Its figures are in the
element with the id data, as JSON.</p></noscript></main>
<footer class="soft small">Made by Trireme ${version}. This file holds all that it shows and loads nothing.</footer>`,
    data,
  });
}

/** A page that is one file: what it says, and what it needs beside its own script and style. */
export interface OfflinePage {
  /** Of the window. */
  readonly title: string;
  /** Its bundle in dist/web: NAME.js and NAME.css. */
  readonly bundle: string;
  /** Sources that its policy allows beside these two, by directive (CSP level 3). */
  readonly allowed?: Readonly<Record<string, string>>;
  /** What stands in the body before the data: markup of our own. */
  readonly body: string;
  /** What its script reads, in the element with the id data. */
  readonly data: unknown;
}

/**
 * The page in pieces. Nothing is loaded from elsewhere, and the browser is told to refuse it: only this very script and
 * style may run, by their hashes.
 */
export function* offlinePage({ title, bundle, allowed = {}, body, data }: OfflinePage): Generator<string> {
  const [script, style] = ['js', 'css'].map((kind) => webFile(`${bundle}.${kind}`).trim());
  const { 'script-src': scripts = '', ...others } = allowed;
  const policy = [
    `default-src 'none'`,
    `script-src ${hashOf(script)}${scripts === '' ? '' : ` ${scripts}`}`,
    `style-src ${hashOf(style)}`,
    ...Object.entries(others).map(([directive, sources]) => `${directive} ${sources}`),
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Trireme ${version}">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
<script type="application/json" id="data">`;
  yield jsonInHtml(data);
  yield `</script>
<script>${script}</script>
</body>
</html>
`;
}

/** A file that the build has bundled for browsers. */
export function webFile(name: string): string {
  return brotliDecompressSync(readFileSync(join(projectRoot, 'dist', 'web', `${name}.br`))).toString();
}

/** What the browser compares the text between the tags with. */
function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** JSON that cannot end its element, whatever a file is called. */
function jsonInHtml(value: unknown): string {
  return exactJson(value).replaceAll('<', '\\u003c');
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
