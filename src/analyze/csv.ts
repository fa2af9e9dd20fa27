import type { Count } from '../pcap/types.js';

export type CsvField = Count | string | boolean | null | undefined;

/** RFC 4180: CRLF after every row, quotes only where they are needed. Nothing there is an empty field. */
export function csvRow(fields: readonly CsvField[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

/** A row whose first field is the same in all rows, and whose others need no quotes: texts, and what stands for the others. */
export function csvTemplate(first: string, fields: readonly number[]): (string | number)[] {
  return [csvField(first), ...fields.flatMap((field) => [',', field]), '\r\n'];
}

function csvField(field: CsvField): string {
  const text = field === null || field === undefined ? '' : String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
