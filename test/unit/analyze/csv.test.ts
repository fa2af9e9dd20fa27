import { csvRow } from '../../../src/analyze/csv-tables.js';

test.each([
  [['a', 1, 2n], 'a,1,2\r\n'],
  [['with,comma', 'with "quotes"', 'two\nlines'], '"with,comma","with ""quotes""","two\nlines"\r\n'],
  [[null, undefined, '', false], ',,,false\r\n'],
  [[' blanks stay '], ' blanks stay \r\n'],
])('%p is one row', (fields, text) => {
  expect(csvRow(fields)).toBe(text);
});
