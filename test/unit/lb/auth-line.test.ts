import { tokenLengthMax } from '../../../src/common/trust/options.js';
import { AuthLine, type AuthLineFound } from '../../../src/lb/auth-line.js';

/** Pushes chunks until something is found; what is left of the last chunk is told as text. */
function feed(...chunks: string[]): AuthLineFound & { rest?: string } {
  const line = new AuthLine();
  for (const chunk of chunks) {
    const result = line.push(Buffer.from(chunk));
    if (result.found === 'token') return { ...result, rest: chunk.slice(result.restAt) };
    if (result.found === 'none') return result;
  }
  return { found: 'more' };
}

describe('AUTH line', () => {
  test('is found whatever the pieces it comes in, and what follows is left alone', () => {
    const text = 'AUTH secret\n1\n2\n';
    for (let at = 0; at <= text.length; at++) {
      const result = feed(text.slice(0, at), text.slice(at));
      expect(result).toMatchObject({ found: 'token', token: 'secret' });
      expect('1\n2\n'.startsWith(result.rest as string)).toBe(true);
    }
    expect(feed(...text)).toMatchObject({ found: 'token', token: 'secret', rest: '' });
  });

  test('may end as telnet ends lines', () => {
    expect(feed('AUTH secret\r\n')).toMatchObject({ token: 'secret' });
  });

  test.each(['1', '\n', 'auth secret\n', 'AUTX', 'AUTH\n', 'GET / HTTP/1.1\r\n'])(
    '%j is none, and told at its first byte that is wrong',
    (text) => {
      expect(feed(...text).found).toBe('none');
    },
  );

  test('a line as long as the longest token is taken, a longer one is not waited for', () => {
    const longest = 'x'.repeat(tokenLengthMax);
    expect(feed(`AUTH ${longest}\r\n`)).toMatchObject({ token: longest });
    expect(feed(`AUTH ${longest}`).found).toBe('more');
    expect(feed(`AUTH ${longest}xx`).found).toBe('none');
    expect(feed('AUTH ', 'y'.repeat(10_000_000)).found).toBe('none');
  });
});
