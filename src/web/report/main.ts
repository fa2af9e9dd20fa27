import { byId, element } from '../dom.js';
import { hasFacts, type ReportData } from './data.js';
import { captureSection, failedSection } from './section.js';
import { fileList, filesCard } from './file-list.js';
import './report.css';

const data = JSON.parse(byId('data').textContent ?? '') as ReportData;
const main = byId('report');

if (data.filesTotal > 1 && !data.joined) main.append(fileList(data));
for (const [i, entry] of data.results.entries()) {
  const id = `file-${i + 1}`;
  main.append(hasFacts(entry) ? captureSection(entry, data.extras[i], data, id) : failedSection(entry, id));
}
if (data.joined) main.append(filesCard(data));
const left = data.joined ? 0 : data.filesTotal - data.results.length;
if (left > 0)
  main.append(
    element('p', { class: 'soft' }, `${left} further files are counted above and have no section of their own.`),
  );
document.documentElement.setAttribute('data-ready', '');
