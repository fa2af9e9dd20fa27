import { TriremeError } from '../common/errors.js';

/** Uploads at once, by the connections that they come on. */
export class UploadShares {
  private readonly byPeer = new Map<string, number>();
  private count = 0;

  constructor(
    private readonly max: number,
    private readonly perConnectionMax: number,
  ) {}

  /** @returns to be called when it has ended, once. @throws TriremeError QUEUE_FULL */
  begin(peer: string): () => void {
    const own = this.byPeer.get(peer) ?? 0;
    if (own >= this.perConnectionMax) {
      throw new TriremeError(
        'QUEUE_FULL',
        `${own} uploads come on this connection already (the bound is ${this.perConnectionMax}): wait for one to end`,
        { facts: { value: own, bound: this.perConnectionMax, boundName: 'uploadsPerConnectionMax' } },
      );
    }
    if (this.count >= this.max) {
      throw new TriremeError('QUEUE_FULL', `${this.max} uploads are under way already (uploadsMax): ask again later`, {
        facts: { value: this.count, bound: this.max, boundName: 'uploadsMax' },
      });
    }
    this.count++;
    this.byPeer.set(peer, own + 1);
    return () => {
      this.count--;
      const left = (this.byPeer.get(peer) ?? 1) - 1;
      if (left > 0) this.byPeer.set(peer, left);
      else this.byPeer.delete(peer);
    };
  }
}
