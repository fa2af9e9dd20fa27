import { element } from '../dom.js';
import { formatBytes } from '../format.js';
import type { FileLine, ReportData } from './data.js';
import { approximate, exact, span } from './figures.js';
import { tiles } from './summary.js';

/** All files together, and each in one line that leads to its section. */
export function fileList(data: ReportData): HTMLElement {
  const { filesTotal, total } = data;
  return element(
    'section',
    { id: 'total', class: 'capture', 'aria-labelledby': 'total-title' },
    element('h2', { id: 'total-title' }, `${filesTotal} files together`),
    element(
      'p',
      { class: 'soft' },
      'Conversations are counted for each file alone: --join counts them over all files.',
    ),
    tiles(total, data.bits),
    filesCard(data),
  );
}

/** The files in one line each; of a joined capture with what lies between them. */
export function filesCard({ files, filesTotal, results, joined }: ReportData): HTMLElement {
  const number = (title: string): HTMLElement => element('th', { scope: 'col', class: 'number' }, title);
  const left = filesTotal - files.length;
  return element(
    'section',
    { class: 'card', 'aria-labelledby': 'files-title' },
    element('div', { class: 'card-head' }, element('h3', { id: 'files-title' }, 'Files')),
    element(
      'div',
      { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': 'Files' },
      element(
        'table',
        {},
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            element('th', { scope: 'col' }, 'File'),
            number('Packets'),
            number(joined ? 'Captured bytes' : 'Bytes'),
            number(joined ? 'Gap before' : 'Conversations'),
            element('th', { scope: 'col' }, 'State'),
          ),
        ),
        element(
          'tbody',
          {},
          ...files.map((file, i) => fileRow(file, !joined && i < results.length ? `#file-${i + 1}` : null)),
        ),
      ),
    ),
    left === 0 ? null : element('p', { class: 'soft small' }, `${left} further files are in the sums only.`),
  );
}

function fileRow(file: FileLine, link: string | null): HTMLElement {
  return element(
    'tr',
    {},
    element('th', { scope: 'row', class: 'mono' }, link === null ? file.file : element('a', { href: link }, file.file)),
    element('td', { class: 'number' }, exact(file.packets)),
    element('td', { class: 'number' }, formatBytes(approximate(file.bytes))),
    element('td', { class: 'number' }, file.conversations === null ? gapText(file.gap_ns) : exact(file.conversations)),
    element(
      'td',
      {},
      element('span', { class: `badge ${file.note === null ? 'good' : 'warn'}` }, file.note ?? 'whole'),
    ),
  );
}

function gapText(ns: string | null): string {
  if (ns === null) return '–';
  const seconds = Number(ns) / 1e9;
  return seconds < 0 ? `overlap of ${span(-seconds)}` : span(seconds);
}
