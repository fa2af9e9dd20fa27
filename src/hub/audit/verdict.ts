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
