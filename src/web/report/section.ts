import { element, type Child } from '../dom.js';
import { hasFacts, type FactsEntry, type ReportData, type ReportEntry, type ReportExtras } from './data.js';
import { fileList, filesCard } from './file-list.js';
import { approximate, shareOf } from './figures.js';
import { conversationTable, talkerTable } from './long-tables.js';
import { heatMap } from './matrix.js';
import { namesTables } from './names.js';
import { protocolTree, sizeTable, tunnelTable } from './shares.js';
import { fileFacts, tiles, warningsOf } from './summary.js';
import { tcpHealth } from './tcp.js';
import { trafficCharts } from './traffic.js';

/** Shows a report as the content of an element. */
export function renderReport(data: ReportData, into: HTMLElement): void {
  if (data.filesTotal > 1 && !data.joined) into.append(fileList(data));
  for (const [i, entry] of data.results.entries()) {
    const id = `file-${i + 1}`;
    into.append(hasFacts(entry) ? captureSection(entry, data.extras[i], data, id) : failedSection(entry, id));
  }
  if (data.joined) into.append(filesCard(data));
  const left = data.joined ? 0 : data.filesTotal - data.results.length;
  if (left > 0)
    into.append(
      element('p', { class: 'soft' }, `${left} further files are counted above and have no section of their own.`),
    );
}

/** Everything about one capture. */
export function captureSection(
  entry: FactsEntry,
  extras: ReportExtras,
  { sort, bits }: Pick<ReportData, 'sort' | 'bits'>,
  id: string,
): HTMLElement {
  const conversations = conversationTable(entry, sort, bits);
  const talkers = talkerTable(entry, sort);
  const conversationsCard = card(
    entry.inner === true ? 'Conversations inside of tunnels' : 'Conversations',
    `${id}-conversations`,
    conversations.node,
  );
  const { series } = entry;
  const { matrix } = extras;
  const choose = (from: string, to: string): void => {
    conversations.search([from, to].filter((address) => !address.includes(' ')).join(' '));
    conversationsCard.scrollIntoView({ behavior: 'smooth' });
  };
  return element(
    'section',
    { id, 'aria-labelledby': `${id}-title`, class: 'capture' },
    element('h2', { id: `${id}-title`, class: 'file-name' }, nameOf(entry.file)),
    ...warningsOf(entry).map((warning) => element('p', { class: 'warning', role: 'note' }, warning)),
    tiles(entry, bits),
    series === undefined || series.rows.length === 0
      ? null
      : card(
          series.tcp === true ? 'Traffic and health of TCP over time' : 'Traffic over time',
          `${id}-traffic`,
          trafficCharts(series, id),
        ),
    approximate(entry.packets) === 0
      ? null
      : element(
          'div',
          { class: 'pair' },
          card('Protocols', `${id}-protocols`, protocolTree(entry, extras.protocolsLeftOut)),
          card('Packet sizes', `${id}-sizes`, sizeTable(entry)),
        ),
    entry.tunnels.length === 0 ? null : card('Tunnels', `${id}-tunnels`, tunnelTable(entry)),
    entry.tcp === undefined ? null : card('TCP', `${id}-tcp`, tcpHealth(entry.tcp)),
    entry.names === undefined ? null : card('Names', `${id}-names`, namesTables(entry.names)),
    matrix === null || matrix.cells.length === 0
      ? null
      : card(
          'Who talks to whom',
          `${id}-matrix`,
          element('p', { class: 'soft small' }, coverage(matrix.bytes, entry)),
          heatMap(matrix, choose),
        ),
    entry.top.length === 0 ? null : conversationsCard,
    entry.endpoints.length === 0 ? null : card('Top talkers', `${id}-talkers`, talkers.node),
    card('File', `${id}-facts`, fileFacts(entry)),
  );
}

/** A file that gave no counts. */
export function failedSection(entry: ReportEntry, id: string): HTMLElement {
  return element(
    'section',
    { id, 'aria-labelledby': `${id}-title`, class: 'capture' },
    element('h2', { id: `${id}-title`, class: 'file-name' }, nameOf(entry.file)),
    element('p', { class: 'warning', role: 'note' }, `No counts: ${entry.error_detail ?? String(entry.error)}`),
  );
}

/** A capture that came through a pipe has no name of its own. */
function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

function coverage(bytes: number | bigint, { original_bytes }: FactsEntry): string {
  return `TCP and UDP from one address (row) to another (column): ${shareOf(bytes, original_bytes)} of all bytes.`;
}

function card(title: string, id: string, ...children: Child[]): HTMLElement {
  return element(
    'section',
    { class: 'card', 'aria-labelledby': id },
    element('div', { class: 'card-head' }, element('h3', { id }, title)),
    ...children,
  );
}
