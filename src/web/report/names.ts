import { columnsOf, nameForms, valueOf, type NameColumn, type NameForm } from '../../pcap/name-tables.js';
import { element } from '../dom.js';
import type { FactsEntry } from './data.js';
import { exact, span } from './figures.js';
import { SortedTable, type SortedColumn } from './sorted-table.js';

type Names = NonNullable<FactsEntry['names']>;

/** What packets tell of names: a table for each kind that there is. */
export function namesTables(names: Names): HTMLElement {
  const tables = nameForms.filter(({ table }) => table(names).rows.length > 0).map((form) => tableOf(form, names));
  return element('div', {}, ...(tables.length === 0 ? ['No packet tells a name.'] : tables));
}

function tableOf(form: NameForm, names: Names): HTMLElement {
  const { rows, total } = form.table(names);
  const columns = columnsOf(form, names).map(columnOf);
  return element(
    'section',
    {},
    element('h4', {}, form.title),
    new SortedTable({ name: form.title, rows, total, columns }).node,
  );
}

function columnOf(column: NameColumn): SortedColumn<object> {
  const { title, kind } = column;
  const value = (row: object): string | number | bigint | null => valueOf(row, column) ?? null;
  if (kind === 'text') return { title, value };
  if (kind === 'count') return { title, number: true, value, text: (row) => exact((value(row) ?? 0) as number) };
  const ns = (row: object): number | null => (value(row) === null ? null : Number(value(row)));
  return { title, number: true, value: ns, text: (row) => span(ns(row) === null ? NaN : ns(row)! / 1e9) };
}
