import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Ending } from '../../../../src/kinds/commands/child.js';
import { Starter } from '../../../../src/kinds/commands/starter.js';
import { scratchFolder } from '../../../support/scratch.js';

const { path } = scratchFolder();

async function answers(starter: Starter, payload: string): Promise<[string, Ending]> {
  let answer = '';
  const running = await starter.run(Buffer.from(payload), true, '', (bytes) => (answer += bytes.toString()));
  const ending = await running.over;
  return [answer, ending];
}

test.each([
  ['pipes', ['out', 'err']],
  ['whole folder', ['..']],
])('a job is answered after a cleaner of old files has removed the %s of its starter', async (_, removed) => {
  const scratch = mkdtempSync(join(path, 'worker-'));
  const groups = { began: () => undefined, gone: () => undefined };
  const program = { argv: ['cat'], folder: path, environment: { PATH: process.env.PATH ?? '' } };
  const starter = new Starter(program, { groups, scratch });
  const well: Ending = { code: 0, signal: null, unstarted: null };
  expect(await answers(starter, 'before')).toEqual(['before', well]);
  const [folder] = readdirSync(scratch);
  for (const name of removed) rmSync(join(scratch, folder, name), { recursive: true });
  expect(await answers(starter, 'after')).toEqual(['after', well]);
  await starter.end();
});
