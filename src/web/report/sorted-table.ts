import { element, setAttributes } from '../dom.js';
import { approximate, compareFigures, exact, type Figure } from './figures.js';

/** A column of a table that can be sorted by it. */
export interface SortedColumn<T> {
  readonly title: string;
  /** Right-aligned figures, which begin with the largest when sorted; else text. */
  readonly number?: boolean;
  /** What is sorted by; null stands last. */
  readonly value: (row: T) => Figure | null;
  /** What is shown; left out where it is the value. */
  readonly text?: (row: T) => string;
  /** Shown on hovering: every digit of a rounded figure. */
  readonly full?: (row: T) => string;
}

export interface SortedTableOptions<T> {
  /** Name of the table, for screen readers and its filter. */
  readonly name: string;
  readonly columns: readonly SortedColumn<T>[];
  readonly rows: readonly T[];
  /** Rows in the capture; more than there are here when the table was cut. */
  readonly total: Figure;
  /** Title of the column that the rows are sorted by as they come, if by any. */
  readonly sortedBy?: string;
  /** They come with the largest first. */
  readonly descending?: boolean;
}

/** Rows shown until all are asked for. */
const rowsAtFirst = 15;

/** A table that sorts by its heads and shows the rows that contain every word of a filter. */
export class SortedTable<T> {
  readonly node = element('div', { class: 'sorted-table' });
  private readonly body = element('tbody');
  private readonly status = element('p', { class: 'soft small', role: 'status' });
  private readonly more = element('button', { type: 'button', class: 'more' });
  private readonly filter: HTMLInputElement;
  private readonly heads: HTMLTableCellElement[];
  private readonly texts: readonly string[];
  private order: number[];
  private sortedBy: number;
  private descending: boolean;
  private all = false;

  constructor(private readonly options: SortedTableOptions<T>) {
    const { name, columns, rows, sortedBy, descending = false } = options;
    this.texts = rows.map((row) =>
      columns
        .map((column) => textOf(column, row))
        .join(' ')
        .toLowerCase(),
    );
    this.order = rows.map((_row, i) => i);
    this.sortedBy = columns.findIndex(({ title }) => title === sortedBy);
    this.descending = descending;
    this.filter = element('input', {
      type: 'search',
      placeholder: 'Filter: words, all of which a row must have',
      'aria-label': `Filter ${name}`,
    });
    this.filter.addEventListener('input', () => this.draw());
    this.more.addEventListener('click', () => {
      this.all = !this.all;
      this.draw();
    });
    this.heads = columns.map((column, i) => this.head(column, i));
    this.node.append(
      element('div', { class: 'table-tools' }, this.filter, this.status),
      element(
        'div',
        { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': name },
        element(
          'table',
          {},
          element('caption', { class: 'hidden-text' }, name),
          element('thead', {}, element('tr', {}, ...this.heads)),
          this.body,
        ),
      ),
      this.more,
    );
    this.draw();
  }

  /** Shows the rows that contain these words. */
  search(words: string): void {
    this.filter.value = words;
    this.draw();
  }

  private head(column: SortedColumn<T>, at: number): HTMLTableCellElement {
    const button = element('button', { type: 'button', class: 'sort' }, column.title);
    button.addEventListener('click', () => this.sort(at));
    return element('th', { scope: 'col', class: column.number === true ? 'number' : undefined }, button);
  }

  private sort(at: number): void {
    const { columns, rows } = this.options;
    const { value, number = false } = columns[at];
    this.descending = at === this.sortedBy ? !this.descending : number;
    this.sortedBy = at;
    const direction = this.descending ? -1 : 1;
    const values = rows.map(value);
    this.order.sort((x, y) => {
      const [one, other] = [values[x], values[y]];
      if (one === null || other === null) return Number(one === null) - Number(other === null) || x - y;
      return direction * (number ? compareFigures(one, other) : compareTexts(String(one), String(other))) || x - y;
    });
    this.draw();
  }

  private draw(): void {
    const { rows, total } = this.options;
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.order.filter((i) => words.every((word) => this.texts[i].includes(word)));
    const shown = this.all ? found : found.slice(0, rowsAtFirst);
    this.body.replaceChildren(...shown.map((i) => this.line(rows[i])));
    for (const [i, head] of this.heads.entries()) {
      setAttributes(head, {
        'aria-sort': i !== this.sortedBy ? undefined : this.descending ? 'descending' : 'ascending',
      });
    }
    const held = rows.length < approximate(total) ? `, the first of ${exact(total)} in the capture` : '';
    const matching = words.length === 0 ? '' : `${found.length} match; `;
    this.status.textContent = `${matching}${shown.length} of ${rows.length} shown${held}`;
    this.more.hidden = found.length <= rowsAtFirst;
    this.more.textContent = this.all ? `Show the first ${rowsAtFirst}` : `Show all ${found.length}`;
  }

  private line(row: T): HTMLTableRowElement {
    return element(
      'tr',
      {},
      ...this.options.columns.map((column) =>
        element(
          'td',
          { class: column.number === true ? 'number' : 'mono', title: column.full?.(row) },
          textOf(column, row),
        ),
      ),
    );
  }
}

function textOf<T>(column: SortedColumn<T>, row: T): string {
  return column.text?.(row) ?? String(column.value(row) ?? '–');
}

/** Digits within a text count as numbers, so that 10.0.0.9 comes before 10.0.0.10. */
const collator = new Intl.Collator('en', { numeric: true });
const compareTexts = (x: string, y: string): number => collator.compare(x, y);
