import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TriremeError } from '../../common/errors.js';
import { projectRoot, version } from '../../common/version.js';
import { offlinePage, webFile } from '../html/document.js';
import { writeOut } from '../standard-output.js';

const description = `Write a page that analyses captures in a browser, offline: trireme viewer > viewer.html

The page is one file. Open it, from a disk too, and choose or drop captures: pcap or pcapng, plain, gzip, zstd or LZ4.
The browser counts them with the engine of 'trireme analyze', in pieces, and shows the same report.
Nothing is sent anywhere: the page forbids itself every connection.`;

/** `trireme viewer` */
export function buildCommand(): Command {
  return new Command('viewer')
    .description(description)
    .option('--verbose', 'print the stack of an error')
    .action(async () => {
      if (process.stdout.isTTY === true)
        throw new TriremeError(
          'USAGE',
          'the viewer is a file of HTML, which a terminal cannot show: trireme viewer > viewer.html',
        );
      await writeOut(viewerDocument());
    });
}

/** WebAssembly that the engine loads by itself: the scanner, what writes its rows, and what unpacks. */
const parts = [
  'pcap/scan.wasm',
  'pcap/rows.wasm',
  'captures/packed/inflate.wasm',
  'captures/packed/zstd.wasm',
  'captures/packed/lz4.wasm',
];

/** The viewer as one file of HTML, in pieces. */
function viewerDocument(): Iterable<string> {
  const engine = Object.fromEntries(
    parts.map((part) => [
      part.slice(part.lastIndexOf('/') + 1),
      readFileSync(join(projectRoot, 'dist', 'src', part)).toString('base64'),
    ]),
  );
  return offlinePage({
    title: 'Capture viewer',
    bundle: 'viewer',
    // The engine runs in a worker, which is made of the text in this page, and compiles WebAssembly.
    allowed: { 'script-src': "'wasm-unsafe-eval'", 'worker-src': 'blob:' },
    body: `<header class="report-head"><h1>Capture viewer</h1></header>
<main><noscript><p class="warning">The viewer works with JavaScript, which is off here.</p></noscript>
<form id="ask" class="card" hidden>
<p id="drop"><label for="files">Drop captures here, or choose them</label>
<input type="file" id="files" multiple aria-describedby="forms"></p>
<p id="forms" class="soft small">pcap or pcapng, plain, gzip, zstd or LZ4. They are read by this page alone: nothing is sent anywhere.</p>
<p class="asked"><label for="filter">Only packets that match</label>
<input id="filter" type="text" size="36" spellcheck="false" autocapitalize="off" autocomplete="off" placeholder="tcp port 443">
<label><input id="tcp" type="checkbox"> Health of TCP</label>
<label><input id="names" type="checkbox"> Names</label></p>
</form>
<section id="work" class="card" hidden aria-label="Progress">
<p id="doing"></p><progress id="progress" max="1" value="0" aria-labelledby="doing"></progress>
<button id="cancel" type="button">Cancel</button>
</section>
<p id="said" role="status" aria-live="polite"></p>
<p id="results" hidden><a id="json" download>Save the figures as JSON</a></p>
<div id="report"></div></main>
<footer class="soft small">Made by Trireme ${version}. This file holds all that it needs and connects to nothing.</footer>`,
    data: { engine, worker: webFile('viewer-worker.js') },
  });
}
