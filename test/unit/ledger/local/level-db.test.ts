import { ClassicLevel } from 'classic-level';
import { join } from 'node:path';
import { LevelDb } from '../../../../src/ledger/local/level-db.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();

test('of what LevelDB says of damage, one line of 160 characters is told', async () => {
  const words = `Corruption: ${'x'.repeat(500)}\n\u001b[31m`;
  const open = jest.spyOn(ClassicLevel.prototype, 'open').mockRejectedValue(new Error(words));
  try {
    const { message } = await new LevelDb(join(scratch.path, 'db'), 'state').open().then(
      () => new Error('it was opened'),
      (error: Error) => error,
    );
    expect(message).toContain(words.slice(0, 160));
    expect(message).not.toContain(words.slice(0, 161));
  } finally {
    open.mockRestore();
  }
});
