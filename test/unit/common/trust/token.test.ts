import { scratchFolder } from '../../../support/scratch.js';
import { readToken, tokenOfHeader } from '../../../../src/common/trust/token.js';

const scratch = scratchFolder();

describe('token', () => {
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
