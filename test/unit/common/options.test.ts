import { hostPort, listenAddress, timeNs } from '../../../src/common/options.js';
describe('a time', () => {
  test.each([
    ['2026-11-29T14:00:00Z', '1795960800000000000'],
    ['2024-02-29T23:59:59.25+01:00', '1709247599250000000'],
    ['1764424800.5', '1764424800500000000'],
    ['+30s', '+30000000000'],
  ])('%s is %s ns', (text, ns) => expect(timeNs(text)).toBe(ns));

  test.each([
    '2023-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2023-04-31T00:00:00Z',
    '2023-13-01T00:00:00Z',
    '2023-11-14T24:00:00Z',
    'now',
  ])('%s is refused: there is no such day or hour', (text) => expect(() => timeNs(text)).toThrow(/is not a time/));
});

test('an address that is refused is told without a user, who may have a password', () => {
  for (const address of ['u:secret@h', 'https://u:secret@h', 'u:sec/ret@x@h:99999'])
    expect(() => hostPort(1)(address)).toThrow(/^'(https:\/\/)?h(:99999)?' is not HOST:PORT/);
});

test('a port alone is no host, though getaddrinfo would take it for an IPv4 address', () => {
  for (const alone of ['8051', '1', '127.1', '0:80']) expect(() => hostPort(1)(alone)).toThrow(/is not HOST:PORT/);
  expect(hostPort(1)('10.0.0.1')).toEqual({ host: '10.0.0.1', port: 1 });
  expect(hostPort(1)('lb1')).toEqual({ host: 'lb1', port: 1 });
});

test('an address to listen on has a port, or is an IP address or localhost', () => {
  const parse = listenAddress(8051);
  for (const host of ['127.0.0.1', '::1', 'localhost'])
    expect(parse(host === '::1' ? '[::1]' : host)).toEqual({ host, port: 8051 });
  expect(parse('lb1:80')).toEqual({ host: 'lb1', port: 80 });
  for (const wrong of ['junk', 'true', 'lb1', '8051'])
    expect(() => parse(wrong)).toThrow(`'${wrong}' is not HOST:PORT`);
});
