import { hashSecret, sameSecret, WorkerSecrets } from '../../../../src/hub/workers/worker-secrets.js';

const secret = (byte: number): Buffer => Buffer.alloc(32, byte);

test('two secrets are the same when their bytes are, and no secret is the same as none', () => {
  expect(sameSecret(hashSecret(secret(1)), hashSecret(secret(1)))).toBe(true);
  expect(sameSecret(hashSecret(secret(1)), hashSecret(secret(2)))).toBe(false);
  expect(sameSecret(hashSecret(Buffer.alloc(0)), hashSecret(Buffer.alloc(0)))).toBe(false);
});

test('what is kept of a secret is not the secret', () => {
  expect(hashSecret(secret(1))?.includes(secret(1))).toBe(false);
});

test('the workers that came last are remembered, and no more than may be', () => {
  const secrets = new WorkerSecrets(2);
  for (const id of ['a', 'b', 'a', 'c']) secrets.remember(id, hashSecret(secret(1)));
  const other = hashSecret(secret(2));
  expect(['a', 'b', 'c'].map((id) => secrets.admits(id, other))).toEqual([false, true, false]);
});
