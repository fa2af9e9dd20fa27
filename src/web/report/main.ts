import { byId } from '../dom.js';
import type { ReportData } from './data.js';
import { renderReport } from './section.js';
import './report.css';

renderReport(JSON.parse(byId('data').textContent ?? '') as ReportData, byId('report'));
document.documentElement.setAttribute('data-ready', '');
