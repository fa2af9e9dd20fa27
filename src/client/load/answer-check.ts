import { createHash } from 'node:crypto';

/** What became of one answer. */
export type Verdict = 'right' | 'wrong' | 'error';

const getTimeKind = 1;
const zero = 0x30;
const newline = 0x0a;
const roundsOfMining = 256;

/** How far an answer's second may be from the time between send and receipt, for clocks that tick apart. */
const slackSeconds = 1;

/** The answer of MINE_BITCOIN for one second, by the crypto library: not the code that the workers run. */
export function minedBy(second: number): Buffer {
  let digest: Buffer = Buffer.from(String(second), 'latin1');
  for (let round = 0; round < roundsOfMining; round++) digest = createHash('sha256').update(digest).digest();
  return Buffer.from(digest.toString('hex'), 'latin1');
}

/** Checks answers in place in the bytes received. */
export class AnswerCheck {
  /** Mined answers by second; few seconds are asked for, and old ones are dropped. */
  private readonly mined = new Map<number, Buffer>();

  /**
   * @param bytes holds the answer from `start` up to its newline at `end`
   * @param sentSeconds and nowSeconds: when it was sent and received, since 1970
   */
  check(kind: number, bytes: Buffer, start: number, end: number, sentSeconds: number, nowSeconds: number): Verdict {
    const earliest = Math.floor(sentSeconds) - slackSeconds;
    const latest = Math.floor(nowSeconds) + slackSeconds;
    if (kind === getTimeKind && end - start === 10) {
      let second = 0;
      for (let at = start; at < end; at++) second = second * 10 + (bytes[at] - zero);
      return second >= earliest && second <= latest ? 'right' : 'wrong';
    }
    if (kind !== getTimeKind && end - start === 64) {
      for (let second = latest; second >= earliest; second--) {
        if (isAt(this.minedAt(second), bytes, start)) return 'right';
      }
      return 'wrong';
    }
    return bytes.toString('latin1', start, Math.min(start + 5, end)) === 'ERROR' ? 'error' : 'wrong';
  }

  private minedAt(second: number): Buffer {
    let answer = this.mined.get(second);
    if (answer === undefined) {
      answer = minedBy(second);
      this.mined.set(second, answer);
      if (this.mined.size > 100) this.mined.delete(this.mined.keys().next().value as number);
    }
    return answer;
  }
}

/** A loop: the answer of another second differs in its first byte or two, and a call of Buffer.compare costs 150 ns. */
function isAt(answer: Buffer, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < answer.length; i++) if (bytes[start + i] !== answer[i]) return false;
  return true;
}

/** End of the line that starts at `from`, or -1; the usual lengths are tried first. */
export function lineEnd(bytes: Buffer, from: number): number {
  if (bytes[from + 10] === newline && bytes[from] !== 0x45) return from + 10;
  if (bytes[from + 64] === newline && bytes[from] !== 0x45) return from + 64;
  return bytes.indexOf(newline, from);
}
