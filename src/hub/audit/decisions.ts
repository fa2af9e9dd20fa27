import { createHash } from 'node:crypto';
import type { KindAudit } from '../../kinds/audit.js';

/** What the answers of one to three workers say. `liar` counts from 0, the worker whose answer is audited. */
export type Verdict =
  | { readonly verdict: 'ask-another' | 'agreed' | 'unresolved' }
  | { readonly verdict: 'lie'; readonly liar: 0 | 1; readonly answer: Uint8Array };

/** @param checks answers of the second worker, and of the third if it was asked */
export function judge(audit: KindAudit, answer: Uint8Array, checks: readonly Uint8Array[]): Verdict {
  const [second, third] = checks;
  if (second === undefined) return { verdict: 'ask-another' };
  if (audit.bearsOut(second, answer)) return { verdict: 'agreed' };
  if (third === undefined) return { verdict: 'ask-another' };
  if (audit.bearsOut(third, answer)) return { verdict: 'lie', liar: 1, answer };
  if (Buffer.compare(second, third) !== 0) return { verdict: 'unresolved' };
  return { verdict: 'lie', liar: 0, answer: audit.answerOf(second) };
}

/** Says which jobs are audited: a share of all, at places that cannot be foreseen without the random numbers. */
export class AuditSample {
  private passed: number;

  /** @param share above 0, at most 1 */
  constructor(
    private readonly share: number,
    private readonly random: () => number,
  ) {
    this.passed = this.skip();
  }

  /** Whether this job is one. */
  due(): boolean {
    if (this.passed-- > 0) return false;
    this.passed = this.skip();
    return true;
  }

  /** Jobs between two that are audited: drawn once for all of them, since a number for each job costs more. */
  private skip(): number {
    return this.share >= 1 ? 0 : Math.floor(Math.log(1 - this.random()) / Math.log(1 - this.share));
  }
}

/** Characters of an answer that are shown as they are. */
const shownMax = 320;

/** An answer as it is shown in evidence: a short text as it is, else its digest and length. */
export function showAnswer(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(0, shownMax + 1)).toString('latin1');
  if (text.length <= shownMax && /^[\x20-\x7e]*$/.test(text)) return text;
  return `sha256:${createHash('sha256').update(bytes).digest('hex')} (${bytes.length} bytes)`;
}
