import { TriremeError } from '../../../src/common/errors.js';
import {
  ended,
  leaseLost,
  released,
  resultDamaged,
  resultRestored,
  submitted,
  taken,
} from '../../../src/ledger/transitions.js';
import { noProgress } from '../../../src/ledger/types.js';
import { newAnalysis } from '../../support/ledger-conformance.js';

const analysis = newAnalysis();
const queued = submitted(analysis, 1000);
const running = taken(queued, 'first', 2000);
const busy = { ...running, progress: { ...running.progress, bytesDone: 5, workers: 3, message: 'scans' } };
const result = { bytes: 12, crc32: 7 };
const done = ended(busy, { state: 'done', result: new Uint8Array(12) }, result, 5000);

describe('how the record of an analysis changes', () => {
  test('what was submitted waits, and nobody has had it', () => {
    expect(queued).toEqual({
      ...analysis,
      state: 'queued',
      revision: 1,
      plan: null,
      holder: '',
      submittedMs: 1000,
      startedMs: null,
      endedMs: null,
      attempts: 0,
      progress: noProgress,
      error: null,
      result: null,
    });
  });

  test('who takes it is its holder, under a new revision', () => {
    expect(running).toEqual({
      ...queued,
      state: 'running',
      revision: 2,
      holder: 'first',
      startedMs: 2000,
      attempts: 1,
    });
  });

  test('it started when the first master took it', () => {
    expect(taken(running, 'second', 3000)).toEqual({ ...running, revision: 3, holder: 'second', attempts: 2 });
  });

  test('one that is given back waits again with what was done of it', () => {
    const progress = { ...busy.progress, workers: 0, message: 'waiting for a master' };
    expect(released(busy)).toEqual({ ...busy, state: 'queued', revision: 3, progress });
  });

  test('one that is done has a result and no error, and nobody works on it', () => {
    const progress = { ...busy.progress, workers: 0, message: '' };
    expect(done).toEqual({ ...busy, state: 'done', revision: 3, endedMs: 5000, progress, error: null, result });
  });

  test.each(['failed', 'cancelled'] as const)('one that has %s tells why', (state) => {
    const error = new TriremeError('CANCELLED', 'so it was wished');
    expect(ended(busy, { state, error }, null, 5000)).toMatchObject({
      state,
      endedMs: 5000,
      error: { code: 'CANCELLED', message: 'so it was wished' },
      result: null,
    });
  });

  test('one whose result is damaged has failed, keeps what the result was, and is done again when it is back', () => {
    const damaged = resultDamaged(done, 'its checksum does not fit');
    const message =
      `the result of analysis ${done.id} is damaged where the master keeps it (its checksum does not fit): ` +
      'ask for it anew';
    expect(damaged).toEqual({ ...done, state: 'failed', revision: 4, error: { code: 'STATE_FAILED', message } });
    expect(resultRestored(damaged)).toEqual({ ...done, revision: 5 });
  });

  test('who has lost it hears who has it, how it ended, or who cancelled it', () => {
    const lost = (record: typeof running): string => {
      const { code, message } = leaseLost(record);
      return `${code}: ${message}`;
    };
    const { id } = analysis;
    expect(lost(running)).toBe(`LEASE_LOST: analysis ${id} is held by another master (first) now`);
    expect(lost(done)).toBe(`LEASE_LOST: analysis ${id} has ended already (done)`);
    const reason = { code: 'CANCELLED', message: 'by its client' } as const;
    expect(lost({ ...done, state: 'cancelled', error: reason })).toBe('CANCELLED: by its client');
    expect(lost({ ...done, state: 'cancelled' })).toBe(`LEASE_LOST: analysis ${id} has ended already (cancelled)`);
    expect(lost({ ...done, state: 'failed', error: reason })).toBe(
      `LEASE_LOST: analysis ${id} has ended already (failed)`,
    );
  });
});
