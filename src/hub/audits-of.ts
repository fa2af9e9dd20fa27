import type { Logger } from '../common/logging.js';
import type { Dispatcher } from './dispatch/dispatcher.js';
import type { HubOptions } from './port/options.js';
import { seededRandom } from './picking/seeded-random.js';
import type { Roster } from './attach/roster.js';
import type { Scheduler } from './port/scheduler.js';
import { Audits } from './audit/audits.js';
import { AuditSample } from './audit/decisions.js';

/** The parts of a hub that its audits work with. Both are made after them. */
export interface AuditedParts {
  readonly dispatcher: () => Dispatcher;
  readonly roster: () => Roster;
  readonly scheduler: Scheduler;
}

/** The audits of a hub; null where none are asked for. */
export function auditsOf(
  { auditShare, auditSeed, auditOf }: HubOptions,
  { dispatcher, roster, scheduler }: AuditedParts,
  log: Logger,
): Audits | null {
  if (auditShare === 0) return null;
  const audits: Audits = new Audits(
    new AuditSample(auditShare, seededRandom(auditSeed)),
    {
      workers: () => dispatcher().byNumber,
      kindName: (kind) => dispatcher().kindState(kind).counters.name,
      auditOf,
      submit: (kind, units, payload, timeout, avoid, tag) =>
        dispatcher().submit(kind, units, payload, timeout, avoid, audits, tag),
      cancel: (job) => void dispatcher().cancel(job),
      deliver: (...answer) => dispatcher().endings.answerHeld(...answer),
      fail: (job, error) => dispatcher().endings.failHeld(job, error),
      quarantine: (workerId, evidence) => roster().shutOut(workerId, evidence),
      wallMs: () => scheduler.wallMs(),
    },
    log,
  );
  return audits;
}
