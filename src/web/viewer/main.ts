import {
  readersFromBytes,
  type ReaderRequest,
  type ViewerMessage,
  type ViewerProgress,
  type ViewerRequest,
  type ViewerResult,
} from './messages.js';
import { byId, setText } from '../dom.js';
import { renderReport } from '../report/section.js';
import type { ReportData } from '../report/data.js';
import { formatBytes } from '../format.js';
import './viewer.css';

const { engine, worker: workerText } = JSON.parse(byId('data').textContent ?? '') as {
  readonly engine: Readonly<Record<string, string>>;
  readonly worker: string;
};
const parts = Object.fromEntries(Object.entries(engine).map(([name, base64]) => [name, bytesOf(base64)]));
const workerUrl = URL.createObjectURL(new Blob([workerText], { type: 'text/javascript' }));

const form = byId<HTMLFormElement>('ask');
const chooser = byId<HTMLInputElement>('files');
const filter = byId<HTMLInputElement>('filter');
const tcp = byId<HTMLInputElement>('tcp');
const names = byId<HTMLInputElement>('names');
const work = byId('work');
const said = byId('said');
const report = byId('report');
const results = byId('results');
const json = byId<HTMLAnchorElement>('json');
const progress = byId<HTMLProgressElement>('progress');

/** Workers that read a large file beside the one that counts: while one waits for the browser, the other one copies. */
const readersOfLarge = 2;

/** The analysis that runs: the worker that counts, and those that read. */
let running: Worker[] = [];
/** What it is about: a changed filter asks the same files again. */
let chosen: readonly File[] = [];

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const made = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) made[i] = text.charCodeAt(i);
  return made;
}

function analyse(files: readonly File[]): void {
  if (files.length === 0) return;
  stop();
  chosen = files;
  report.replaceChildren();
  results.hidden = true;
  if (json.href !== '') URL.revokeObjectURL(json.href);
  setText(said, '');
  setText(byId('doing'), `Reading ${files.length === 1 ? files[0].name : `${files.length} captures`}`);
  progress.value = 0;
  work.hidden = false;
  const worker = startWorker();
  const beganMs = performance.now();
  worker.onmessage = ({ data }: MessageEvent<ViewerMessage>) => {
    if (data.event === 'progress') return tell(data);
    stop();
    if (data.event === 'failed') return setText(said, data.message);
    show(data, files, (performance.now() - beganMs) / 1000);
  };
  worker.onerror = ({ message }) => {
    stop();
    setText(said, `The analysis has failed: ${message}`);
  };
  const request: ViewerRequest = {
    parts,
    files: files.map((file) => ({ name: file.name, content: file })),
    filter: filter.value,
    tcp: tcp.checked,
    names: names.checked,
    readers: files.some(({ size }) => size >= readersFromBytes)
      ? Array.from({ length: readersOfLarge }, startReader)
      : [],
  };
  worker.postMessage(request, request.readers as MessagePort[]);
}

function startWorker(): Worker {
  const worker = new Worker(workerUrl);
  running.push(worker);
  return worker;
}

/** @returns what asks the reader */
function startReader(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  startWorker().postMessage({ asked: port1 } satisfies ReaderRequest, [port1]);
  return port2;
}

function tell({ bytesDone, bytesTotal, file }: ViewerProgress): void {
  progress.value = bytesTotal === 0 ? 1 : bytesDone / bytesTotal;
  setText(byId('doing'), `Reading ${file}: ${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`);
}

function show({ report: text, json: pieces }: ViewerResult, files: readonly File[], seconds: number): void {
  const data = JSON.parse(text) as ReportData;
  renderReport(data, report);
  json.href = URL.createObjectURL(new Blob(pieces as BlobPart[], { type: 'application/json' }));
  json.download = `${files[0].name}.json`;
  results.hidden = false;
  const size = files.reduce((sum, file) => sum + file.size, 0);
  setText(said, `${formatBytes(size)} read in ${seconds.toFixed(1)} s`);
  document.documentElement.setAttribute('data-ready', '');
}

/** Ends the analysis that runs, at once. */
function stop(): void {
  for (const worker of running) worker.terminate();
  running = [];
  work.hidden = true;
  document.documentElement.removeAttribute('data-ready');
}

chooser.addEventListener('change', () => analyse([...(chooser.files ?? [])]));
form.addEventListener('submit', (event) => {
  event.preventDefault();
  analyse(chosen);
});
for (const box of [tcp, names]) box.addEventListener('change', () => analyse(chosen));
byId('cancel').addEventListener('click', () => {
  stop();
  setText(said, 'Cancelled');
  chooser.focus();
});

// A capture may be dropped anywhere; what is no file is left to the browser.
const carriesFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') === true;
document.addEventListener('dragover', (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  form.classList.add('over');
});
document.addEventListener('dragleave', ({ relatedTarget }) => {
  if (relatedTarget === null) form.classList.remove('over');
});
document.addEventListener('drop', (event) => {
  form.classList.remove('over');
  if (!carriesFiles(event)) return;
  event.preventDefault();
  analyse([...(event.dataTransfer?.files ?? [])]);
});

form.hidden = false;
