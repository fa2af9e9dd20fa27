import fc from 'fast-check';
import { TriremeError } from '../../../src/common/errors.js';
import { answerLine, errorLine, parseJsonLine } from '../../../src/lb/json-line.js';
import { holds } from '../../support/property.js';

test.each([
  ['{"id":7,"kind":"RESIZE"}', { id: 7, kind: 0, name: 'RESIZE', payload: null, timeoutSeconds: 0 }],
  ['{"id":"a","kind":2,"timeoutMs":1500}', { id: 'a', kind: 2, name: '', payload: null, timeoutSeconds: 1.5 }],
  ['{"id":1,"kind":"A","payload":"ä"}', { id: 1, kind: 0, name: 'A', payload: Buffer.from('ä'), timeoutSeconds: 0 }],
  [
    '{"id":1,"kind":"A","payloadBase64":"AP8="}',
    { id: 1, kind: 0, name: 'A', payload: Buffer.from([0, 255]), timeoutSeconds: 0 },
  ],
  [
    '{"id":1,"kind":"A","version":"1.2"}',
    { id: 1, kind: 0, name: 'A', version: '1.2', payload: null, timeoutSeconds: 0 },
  ],
  [
    '{"id":1,"kind":"A","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}',
    {
      ...{ id: 1, kind: 0, name: 'A', payload: null, timeoutSeconds: 0 },
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    },
  ],
  ['{"cancel":7}', { cancel: 7 }],
])('%s asks for %j', (line, request) => {
  expect(parseJsonLine(line)).toEqual('id' in request ? { version: '', traceparent: '', ...request } : request);
});

test.each([
  ['{"id":7', /^a line is no JSON: /, undefined],
  ['[]', /^a line is no JSON object such as/, undefined],
  ['{"kind":1}', /^id is neither a number nor a text of at most 256 characters/, undefined],
  [`{"id":"${'x'.repeat(257)}","kind":1}`, /^id is neither/, undefined],
  ['{"id":7}', /^kind is neither the name nor the number of a kind/, 7],
  ['{"id":7,"kind":1.5}', /^kind is neither/, 7],
  ['{"id":7,"kind":"A","version":2}', /^version is no text: quote it/, 7],
  ['{"id":7,"kind":"A","traceparent":2}', /^traceparent is no text: quote it/, 7],
  ['{"id":7,"kind":1,"timeoutMs":0}', /^timeoutMs 0 is not above 0 and at most 86400000/, 7],
  ['{"id":7,"kind":1,"payload":5}', /^payload is no text; bytes go into payloadBase64/, 7],
  ['{"id":7,"kind":1,"payloadBase64":"ä"}', /^payloadBase64 is no base64/, 7],
  ['{"id":7,"kind":1,"payload":"a","payloadBase64":"YQ=="}', /^payload and payloadBase64 are both there/, 7],
  ['{"id":7,"kind":1,"timeout":5}', /^a line has the field "timeout", which is none of id, kind,/, 7],
  ['{"cancel":null}', /^cancel is not the id of a job/, undefined],
])('%s is refused, with the id of its job where it has one', (line, message, id) => {
  let caught: TriremeError | undefined;
  try {
    parseJsonLine(line);
  } catch (error) {
    caught = error as TriremeError;
  }
  expect([caught?.code, (caught?.cause as { id?: unknown } | undefined)?.id]).toEqual(['USAGE', id]);
  expect(caught?.message).toMatch(message);
});

test('answers are text or base64, errors have a code and words, each on one line', () => {
  expect(answerLine(7, Buffer.from('a\nb'), true)).toBe('{"id":7,"result":"a\\nb"}\n');
  expect(answerLine('x', Buffer.from([0, 255]), false)).toBe('{"id":"x","resultBase64":"AP8="}\n');
  const error = new TriremeError('JOB_FAILED', 'no\nluck');
  expect(errorLine(7, error)).toBe('{"id":7,"error":{"code":"JOB_FAILED","message":"no\\nluck"}}\n');
  expect(errorLine(undefined, error)).toBe('{"error":{"code":"JOB_FAILED","message":"no\\nluck"}}\n');
});

test('whatever a line holds, it is a request or refused as USAGE', () => {
  const value = fc.oneof(fc.jsonValue(), fc.string(), fc.integer(), fc.constant('UPPER'));
  const near = fc.dictionary(
    fc.constantFrom('id', 'kind', 'payload', 'payloadBase64', 'timeoutMs', 'cancel', 'other'),
    value,
  );
  holds(
    fc.oneof(
      fc.string(),
      near.map((said) => JSON.stringify(said)),
    ),
    (line) => {
      try {
        const request = parseJsonLine(line);
        expect('cancel' in request || request.id !== undefined).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: 'USAGE' });
      }
    },
    1000,
  );
});
