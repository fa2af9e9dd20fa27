import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectRoot } from '../../../src/common/version.js';
import { oracleResult } from '../../support/oracle/index.js';

test('the oracle finds in the sample capture what its folder says', () => {
  const expected: unknown = JSON.parse(readFileSync(join(projectRoot, 'captures/sample.expected.json'), 'utf8'));
  expect(oracleResult(readFileSync(join(projectRoot, 'captures/sample.pcap')))).toEqual(expected);
});
