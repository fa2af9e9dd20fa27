import { status } from '@grpc/grpc-js';
import { fromMaster, wantsUpload } from '../../../src/analyze/master-errors.js';
import { TriremeError } from '../../../src/common/errors.js';

const failure = (code: status, details: string): Error => Object.assign(new Error(details), { code, details });

test.each<[string, unknown, string, string]>([
  ['a code of ours', failure(status.UNAVAILABLE, 'NO_WORKER: no worker came'), 'NO_WORKER', 'no worker came'],
  [
    'nobody listening',
    failure(
      status.UNAVAILABLE,
      'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ',
    ),
    'UNREACHABLE',
    'master h:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1.',
  ],
  ['another status', failure(status.INTERNAL, 'OOPS: x'), 'JOB_FAILED', 'master h:1: INTERNAL: OOPS: x'],
  ['an error of ours', new TriremeError('FILE_CHANGED', 'changed'), 'FILE_CHANGED', 'changed'],
])('a failed call for %s', (_name, caught, code, message) => {
  expect(fromMaster(caught, 'h:1')).toMatchObject({ code, message });
});

test('a file that the master does not see, or may not open, is sent', () => {
  const wanting = [status.NOT_FOUND, status.PERMISSION_DENIED, status.UNAVAILABLE, status.INVALID_ARGUMENT];
  expect(wanting.map((code) => wantsUpload(failure(code, '')))).toEqual([true, true, false, false]);
});
