import { MemberBook, readMember, type Member } from '../../../src/nats/member-book.js';

const member = (port: number): Member => ({ role: 'lb', grpc: { host: '127.0.0.1', port } });
const ports = (book: MemberBook): number[] => book.members.map(({ grpc }) => grpc.port).sort();

test('a member is there while it is heard, and gone when it was silent for its time to live or says so', () => {
  const book = new MemberBook(4_000, 10);
  expect(book.heard('a', member(1), 0)).toBe(true);
  expect(book.heard('b', member(2), 0)).toBe(true);
  expect(book.heard('a', member(1), 3_000)).toBe(false);
  expect(book.expire(4_000, 0)).toBe(false);
  expect(book.expire(4_001, 0)).toBe(true);
  expect(ports(book)).toEqual([1]);
  expect(book.heard('a', null, 4_002)).toBe(true);
  expect(book.heard('a', null, 4_003)).toBe(false);
  expect(book.members).toEqual([]);
});

test('while nobody can be heard nobody is gone, and afterwards each has its whole time to live', () => {
  const book = new MemberBook(4_000, 10);
  book.heard('a', member(1), 0);
  expect(book.expire(100_000, Infinity)).toBe(false);
  expect(book.expire(104_000, 100_000)).toBe(false);
  expect(book.expire(104_001, 100_000)).toBe(true);
});

test('a member that moves is a change, and more members than may be are not taken', () => {
  const book = new MemberBook(4_000, 2);
  book.heard('a', member(1), 0);
  expect(book.heard('a', member(5), 0)).toBe(true);
  book.heard('b', member(2), 0);
  expect(book.heard('c', member(3), 0)).toBe(false);
  expect(ports(book)).toEqual([2, 5]);
});

test.each([
  '',
  'null',
  '{}',
  '{"role":"king","grpc":{"host":"h","port":1}}',
  '{"role":"lb","grpc":{"host":"h h","port":1}}',
  '{"role":"lb","grpc":{"host":"h","port":0}}',
  '{"role":"lb","grpc":{"host":"h","port":1},"tcp":{"host":7,"port":1}}',
])('%s announces nobody', (text) => {
  expect(readMember(Buffer.from(text))).toBe(null);
});

test('an announcement is read with nothing else in it', () => {
  const text = '{"role":"lb","grpc":{"host":"lb.example","port":50051,"x":1},"tcp":{"host":"::1","port":13337},"y":2}';
  expect(readMember(Buffer.from(text))).toEqual({
    role: 'lb',
    grpc: { host: 'lb.example', port: 50051 },
    tcp: { host: '::1', port: 13337 },
  });
});
