import { pino, type Logger } from 'pino';
import { DescriptorWatch, descriptorsMax, warnOfDescriptors } from '../../../src/common/descriptors.js';

function logged(): { log: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  return { log: pino({}, { write }), lines };
}

const limits = (soft: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units     \n` +
  `Max processes             96000                96000                processes \n` +
  `Max open files            ${soft.padEnd(20)} 20000                files     \n`;

test('the limit is the soft one of open files, and none where nobody says', () => {
  expect([descriptorsMax(limits('1024')), descriptorsMax(limits('unlimited'))]).toEqual([1024, Infinity]);
  expect([descriptorsMax(''), descriptorsMax(null)]).toEqual([null, null]);
});

test('bounds on connections that the limit does not allow are warned of, with the figures', () => {
  const { log, lines } = logged();
  warnOfDescriptors({ tcpConnectionsMax: 500, grpcConnectionsMax: 896 }, log, 1024);
  warnOfDescriptors({ tcpConnectionsMax: 1e9 }, log, null);
  expect(lines).toEqual([]);
  warnOfDescriptors({ tcpConnectionsMax: 500, grpcConnectionsMax: 897 }, log, 1024);
  expect(lines).toMatchObject([{ tcpConnectionsMax: 500, grpcConnectionsMax: 897, wanted: 1025, limit: 1024 }]);
});

test('it is said when descriptors run out and when none is left, once in a while', () => {
  const { log, lines } = logged();
  let [free, nowMs] = [899, 0];
  const watch = new DescriptorWatch(
    log,
    1000,
    () => {
      if (free >= 0) return free;
      throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
    },
    () => nowMs,
  );
  watch.look();
  expect(lines).toEqual([]);
  free = 900;
  watch.look();
  free = -1;
  for (let second = 0; second < 10; second++, nowMs += 1000) watch.look();
  expect(lines).toMatchObject([
    { reason: 'nearly', limit: 1000 },
    { reason: 'EMFILE', limit: 1000 },
  ]);
  watch.look();
  expect(lines[2]).toMatchObject({ reason: 'EMFILE', suppressed: 9 });
  watch.close();
});
