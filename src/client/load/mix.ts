import { InvalidArgumentError } from 'commander';

/** A kind and how many parts of all jobs are of it. */
export interface MixPart {
  readonly kind: number;
  readonly parts: number;
}

/** Length of the sequence that is repeated: shares come out exact to a part in a thousand or so. */
const sequenceLength = 4096;

/** `1:90,2:10`, or `2` alone. */
export function parseMix(text: string): MixPart[] {
  return text.split(',').map((entry) => {
    const match = /^([12])(?::(\d{1,6}))?$/.exec(entry.trim());
    if (match === null || Number(match[2]) === 0)
      throw new InvalidArgumentError(`'${entry}' is not KIND:PARTS with a kind of 1 or 2, such as 1:90`);
    return { kind: Number(match[1]), parts: match[2] === undefined ? 1 : Number(match[2]) };
  });
}

/** Job kinds in an even, repeatable order: each kind comes as soon as it is behind its share. */
export function mixSequence(mix: readonly MixPart[]): Uint8Array {
  const total = mix.reduce((sum, { parts }) => sum + parts, 0);
  const credit = mix.map(() => 0);
  return Uint8Array.from({ length: sequenceLength }, () => {
    let most = 0;
    mix.forEach(({ parts }, i) => {
      credit[i] += parts / total;
      if (credit[i] > credit[most]) most = i;
    });
    credit[most]--;
    return mix[most].kind;
  });
}
