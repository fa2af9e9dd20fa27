import { toCanonicalJson } from '../pcap/rows/json-pieces.js';
import { MasterClient } from './master-client.js';
import { joinedName } from './join.js';
import { openProgress } from './progress.js';
import type { AnalyzeSettings } from './settings.js';
import { writeOut } from './standard-output.js';

/** Submits every file and prints the ids of the analyses, one a line in the order of the files; then the exit code. */
export async function detachAll(settings: AnalyzeSettings): Promise<number> {
  const { master, files, output, quiet, join } = settings;
  if (master === null) throw new Error('--detach without --master was refused before');
  const client = new MasterClient(master, settings);
  const analyses: { id: string; file: string }[] = [];
  try {
    for (const file of join ? [joinedName(settings)] : files) {
      const progress = openProgress(file, quiet);
      try {
        const id = await client.detach(file, progress);
        analyses.push({ id, file });
        // At once: should a later file fail, this one is submitted all the same.
        if (output.form !== 'json') await writeOut([`${id}\n`]);
      } finally {
        progress.close();
      }
    }
  } finally {
    client.close();
  }
  if (output.form === 'json') await writeOut([toCanonicalJson({ schemaVersion: 1, analyses })]);
  return 0;
}
