import { runTrireme } from '../support/run-trireme.js';
import { sharedCaptures } from '../support/shared-captures.js';

const captures = sharedCaptures();

/** Small captures are split only when told that a byte is enough for a thread. */
const modes: [string, string[]][] = [
  ['one core', []],
  ['two threads and eight chunks', ['--cores', '2', '--thread-bytes', '1']],
];

/** One process for all files, since starting it takes longer than reading them. */
const analyse = (mode: readonly string[]) =>
  runTrireme(['analyze', '--json', ...mode, ...captures.map(({ path }) => path)]);

(captures.length > 0 ? describe : describe.skip)('the collection of real captures', () => {
  test.each(modes)('has every expected field on %s', async (_name, mode) => {
    const { stdout } = await analyse(mode);
    const { results } = JSON.parse(stdout) as { results: Record<string, unknown>[] };
    for (const [i, { name, expected }] of captures.entries()) {
      const { error_detail: _words, ...fields } = expected;
      expect({ name, ...results[i] }).toMatchObject({ name, ...fields });
      // toMatchObject lets link types through that are not expected.
      expect({ name, link_types: results[i].link_types }).toEqual({ name, link_types: fields.link_types });
    }
  });

  test('gives the same bytes on one core and on several threads', async () => {
    const [one, several] = [await analyse(modes[0][1]), await analyse(modes[1][1])];
    expect(several.stdout === one.stdout).toBe(true);
    expect(several.code).toBe(one.code);
  });
});
