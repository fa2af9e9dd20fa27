import { readFileSync } from 'node:fs';

import { oracleResult } from '../../support/oracle/index.js';
import { sharedCaptures } from '../../support/shared-captures.js';

const captures = sharedCaptures();

describe('the oracle agrees with the expected results', () => {
  if (captures.length === 0) test.skip('of the optional captures, which are absent', () => undefined);
  for (const { name, path, expected } of captures) {
    test(`of ${name}`, () => {
      const { error_detail: _wordsForPeople, ...fields } = expected;
      expect(oracleResult(readFileSync(path))).toMatchObject(fields);
    });
  }
});
