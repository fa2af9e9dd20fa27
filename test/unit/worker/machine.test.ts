import { secretFor } from '../../../src/worker/machine.js';

test('a hub is shown the same secret at each attachment, and no other hub is shown that one', () => {
  expect(secretFor('127.0.0.1:50052')).toEqual(secretFor('127.0.0.1:50052'));
  expect(secretFor('127.0.0.1:50052')).not.toEqual(secretFor('127.0.0.1:50053'));
  expect(secretFor('127.0.0.1:50052')).toHaveLength(32);
});
