import { KindUnits, type Hello, type KindOffer, type KindTerms } from '../../../../src/gen/trireme/v1/worker.js';
import { OfferedKinds } from '../../../../src/hub/workers/offered-kinds.js';
import { helloOf } from '../../../support/scripted-worker.js';

const terms: KindTerms = {
  version: '1',
  payloadBytesMax: 100,
  resultBytesMax: 1000,
  timeoutSeconds: 30,
  attempts: 3,
  mayCopy: true,
  text: true,
  units: KindUnits.BYTES,
};
const offer = (kind: number, name: string, changes: Partial<KindTerms> = {}): KindOffer => ({
  kind,
  name,
  secondsPerUnit: 0,
  terms: { ...terms, ...changes },
});
const helloWith = (...kinds: KindOffer[]) => helloOf({ kinds });
const known = new Map([[1, 'GET_TIME']]);

test('a kind is there while some worker offers it, by number and by name', () => {
  const offered = new OfferedKinds(known);
  expect([offered.list(), offered.find('RESIZE'), offered.offeredTerms(300)]).toEqual([[], undefined, null]);
  const both = [helloWith(offer(300, 'RESIZE')), helloWith(offer(300, 'RESIZE'))];
  for (const hello of both) offered.joined(hello);
  expect(offered.list()).toEqual([{ number: 300, name: 'RESIZE', workers: 2, terms }]);
  expect(offered.find('RESIZE')).toBe(300);
  for (const hello of both) offered.left(hello);
  expect([offered.list(), offered.find('RESIZE'), offered.offeredTerms(300)]).toEqual([[], undefined, null]);
  expect(offered.nameOf(300)).toBe('RESIZE@1');
});

test('kinds of this build are listed without terms, and keep their names', () => {
  const offered = new OfferedKinds(known);
  offered.joined(helloOf({ kinds: [{ kind: 1, name: 'MINE', secondsPerUnit: 1 }] }));
  expect(offered.list()).toEqual([{ number: 1, name: 'GET_TIME', workers: 1, terms: null }]);
});

test('of two workers that offer a version of a kind the strictest terms hold', () => {
  const offered = new OfferedKinds(known);
  const strict = { payloadBytesMax: 50, resultBytesMax: 2000, attempts: 1, mayCopy: false };
  offered.joined(helloWith(offer(300, 'RESIZE')));
  offered.joined(helloWith(offer(300, 'RESIZE', strict)));
  expect(offered.list()[0].terms).toEqual({ ...terms, ...strict });
});

describe('versions of a kind', () => {
  const version = (words: string, changes: Partial<KindTerms> = {}): Hello =>
    helloWith(offer(300, 'RESIZE', { ...changes, version: words }));

  test('each have an index and terms of their own, are told to workers by one number, and the newest is found', () => {
    const offered = new OfferedKinds(known);
    const [first] = offered.joined(version('1.9'));
    const [second] = offered.joined(version('1.10', { payloadBytesMax: 7 }));
    expect(first.kind).toBe(300);
    expect(second.kind).toBeGreaterThan(1023);
    expect([offered.numbers[first.kind], offered.numbers[second.kind]]).toEqual([300, 300]);
    expect([offered.nameOf(first.kind), offered.nameOf(second.kind)]).toEqual(['RESIZE@1.9', 'RESIZE@1.10']);
    expect([offered.termsOf(first.kind)?.payloadBytesMax, offered.termsOf(second.kind)?.payloadBytesMax]).toEqual([
      100, 7,
    ]);
    expect([offered.find('RESIZE'), offered.find(300), offered.find('RESIZE', '1.9')]).toEqual([
      second.kind,
      second.kind,
      300,
    ]);
    expect(offered.find('RESIZE', '3')).toBeUndefined();
    expect(offered.list().map((each) => [each.number, each.terms?.version])).toEqual([
      [300, '1.10'],
      [300, '1.9'],
    ]);
  });

  test('go back to the older one when nobody offers the newest any more', () => {
    const offered = new OfferedKinds(known);
    offered.joined(version('1'));
    const kinds = offered.joined(version('2'));
    expect(offered.inPlaceOf(kinds[0].kind)).toBeUndefined();
    offered.left({ kinds });
    expect([offered.find('RESIZE'), offered.inPlaceOf(kinds[0].kind)]).toEqual([300, 300]);
  });

  test('are bounded in number while a hub runs', () => {
    const offered = new OfferedKinds(known);
    for (let at = 0; at <= 1024; at++) {
      expect(offered.refuse(version(`1.${at}`).kinds)).toBeNull();
      offered.joined(version(`1.${at}`));
    }
    expect(offered.refuse(version('1.7').kinds)).toBeNull();
    expect(offered.refuse(version('2').kinds)).toBe(
      '1024 versions of kinds came since this hub began (versionsBesideMax): start it anew',
    );
  });
});

test('a kind that may not run twice stays one when the worker that said so has left', () => {
  const offered = new OfferedKinds(known);
  const careful = helloWith(offer(300, 'SEND', { mayCopy: false }));
  expect(offered.runsOnce(300)).toBe(false);
  offered.joined(careful);
  offered.left(careful);
  offered.joined(helloWith(offer(300, 'SEND')));
  expect(offered.runsOnce(300)).toBe(true);
});

test.each([
  [offer(301, 'RESIZE'), 'it calls kind 301 RESIZE, and RESIZE is kind 300 here: give one another number'],
  [offer(300, 'THUMB'), 'it calls kind 300 THUMB, and RESIZE is kind 300 here: give one another number'],
  [offer(302, 'GET_TIME'), 'it calls kind 302 GET_TIME, and GET_TIME is kind 1 here: give one another number'],
  [offer(303, 'a b'), "the name 'a b' of kind 303 is not made of capitals, digits and underscores (at most 40)"],
  [offer(303, 'A', { payloadBytesMax: 2 ** 23 }), 'payload_bytes_max 8388608 is over 4194304 of kind 303 (A)'],
  [offer(303, 'A', { resultBytesMax: 1 }), 'result_bytes_max 1 is not from 64 to 67108864 of kind 303 (A)'],
  [offer(303, 'A', { attempts: 0 }), 'attempts 0 is not from 1 to 3 of kind 303 (A)'],
  [offer(303, 'A', { version: 'é' }), 'the version is not at most 64 printable characters of kind 303 (A)'],
])('what a worker offers is refused: %j', (wrong, why) => {
  const offered = new OfferedKinds(known);
  offered.joined(helloWith(offer(300, 'RESIZE')));
  expect(offered.refuse([wrong])).toBe(why);
});

test('a number that is told without terms is no kind by name, and its leave takes nobody else away', () => {
  const offered = new OfferedKinds(known);
  const bare = helloOf({ kinds: [{ kind: 300, name: 'RESIZE', secondsPerUnit: 1 }] });
  offered.joined(bare);
  expect(offered.list()).toEqual([]);
  offered.joined(helloWith(offer(300, 'RESIZE')));
  offered.left(bare);
  expect(offered.find('RESIZE')).toBe(300);
});
