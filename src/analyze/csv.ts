import type { Count } from '../pcap/types.js';

export type CsvField = Count | string | boolean | null | undefined;

/** RFC 4180: CRLF after every row, quotes only where they are needed. Nothing there is an empty field. */
export function csvRow(fields: readonly CsvField[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

function csvField(field: CsvField): string {
  const text = field === null || field === undefined ? '' : String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
