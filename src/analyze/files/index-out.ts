import { indexName } from '../../captures/indexed/index-beside.js';
import { writeWhole } from './out-file.js';

/** Writes the index of a capture beside it, whole or not at all. Returns its name. @throws TriremeError FILE_UNWRITABLE */
export function writeIndex(capture: string, bytes: Uint8Array): string {
  const name = indexName(capture);
  writeWhole('index', name, [bytes]);
  return name;
}
