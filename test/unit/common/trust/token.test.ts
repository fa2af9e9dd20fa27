import { scratchFolder } from '../../../support/scratch.js';
import { readToken, TokenCheck, tokenOfHeader } from '../../../../src/common/trust/token.js';

const scratch = scratchFolder();

describe('token', () => {
  test('only the very token matches, whatever the length of what is presented', () => {
    const check = new TokenCheck('secret');
    expect(check.matches('secret')).toBe(true);
    for (const wrong of ['', 's', 'secret ', 'Secret', 'secretsecret', 'x'.repeat(100_000)])
      expect(check.matches(wrong)).toBe(false);
  });

  test('a replaced token is no longer accepted', () => {
    const check = new TokenCheck('old');
    check.replace('new');
    expect([check.matches('old'), check.matches('new')]).toEqual([false, true]);
  });

  test.each([
    ['Bearer abc', 'abc'],
    ['bearer  abc', 'abc'],
    [`Basic ${Buffer.from('anyone:a:b').toString('base64')}`, 'a:b'],
    [`Basic ${Buffer.from('nocolon').toString('base64')}`, null],
    ['abc', null],
    ['Bearer a b', null],
    ['Bearer', null],
    ['', null],
    [undefined, null],
  ])('the token of the header %j is %j', (header, token) => {
    expect(tokenOfHeader(header)).toBe(token);
  });

  test('a file holds a token and perhaps the end of its line', () => {
    expect(readToken({ from: 'file', path: scratch.file('token', 'abc\n') })).toBe('abc');
  });

  test('a file that holds something else, or is not there, is named and not quoted', () => {
    const path = scratch.file('words', 'top secret words');
    expect(() => readToken({ from: 'file', path })).toThrow(/^--token-file .*words: a token is 1 to/);
    expect(() => readToken({ from: 'file', path })).not.toThrow(/top secret/);
    expect(() => readToken({ from: 'file', path: `${path}.none` })).toThrow(/--token-file .*ENOENT/);
  });
});
