import { must, utf8, type FuzzTarget } from '../target.js';

/**
 * Targets that are broken on purpose: the fuzzer's own tests ask whether they are found. No run includes them unasked.
 */

const seeds = (): Uint8Array[] => [utf8('a sound input of some length')];

export const plantedCrash: FuzzTarget = {
  name: 'planted-crash',
  what: 'throws where an input holds two bytes of 0xff',
  seeds,
  run: (input) => must(input.filter((byte) => byte === 0xff).length < 2, 'no two bytes of 0xff'),
};

export const plantedHang: FuzzTarget = {
  name: 'planted-hang',
  what: 'never returns where an input holds 0xff',
  seeds,
  run: (input) => {
    if (!input.includes(0xff)) return;
    for (;;);
  },
};

const hoard: Buffer[] = [];

export const plantedHoard: FuzzTarget = {
  name: 'planted-hoard',
  what: 'keeps a megabyte of each input',
  seeds,
  run: () => {
    hoard.push(Buffer.alloc(1024 * 1024, 1));
  },
};
