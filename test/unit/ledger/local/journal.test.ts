import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from '../../../../src/ledger/local/journal.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();

test('a file of more than 1 GiB is no journal, and is not read', async () => {
  const path = join(scratch.path, 'journal');
  writeFileSync(path, 'line\n');
  expect((await new Journal(path).read())?.toString()).toBe('line\n');
  // A hole: it takes no room on the disk.
  truncateSync(path, 2 ** 30 + 1);
  expect(await new Journal(path).read()).toHaveLength(0);
});
