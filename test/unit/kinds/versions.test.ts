import { compareVersions, namedKind } from '../../../src/kinds/versions.js';

test.each([
  [['', '1', '1.9', '1.10', '2.0-rc1', '2.0-rc2', '2.0', '2.0.1', '10']],
  [['2025-12-31', '2026-01-02', '2026-01-10']],
  [['v1', 'v2', 'v11']],
])('%j is from the oldest to the newest', (versions) => {
  const mixed = [...versions].reverse();
  expect(mixed.sort(compareVersions)).toEqual(versions);
  for (const one of versions)
    for (const other of versions)
      expect(Math.sign(compareVersions(one, other))).toBe(-Math.sign(compareVersions(other, one)) + 0);
});

test('a name may have a version behind it', () => {
  expect(namedKind('RESIZE')).toEqual({ name: 'RESIZE', version: '' });
  expect(namedKind('RESIZE@1.2@x')).toEqual({ name: 'RESIZE', version: '1.2@x' });
});
