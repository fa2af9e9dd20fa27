import { relative } from 'node:path';

/**
 * Tests of real processes share the machine with whatever else runs on it, so one that fails is tried once
 * more, and the first failure is printed all the same. Pure tests, and those whose inputs come from a seed,
 * get no second chance.
 */
const folder = relative(`${__dirname}/..`, expect.getState().testPath ?? '').split('/')[0];
if (['story', 'lab'].includes(folder)) jest.retryTimes(1, { logErrorsBeforeRetry: true });
