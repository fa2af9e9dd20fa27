import { failedFile } from '../captures/failed-file.js';
import type { Entry } from './entry.js';

/** The entry of a file that gave no counts. An error that is not about the file ends the whole command. */
export function failedEntry(file: string, caught: unknown): Entry {
  return { file, ...failedFile(file, caught) };
}
