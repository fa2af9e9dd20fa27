/** What became of audits. `impossible`: there was no second worker, or it did not answer; the answer went out unaudited. */
export interface AuditCounts {
  agreed: number;
  refuted: number;
  unresolved: number;
  impossible: number;
}
