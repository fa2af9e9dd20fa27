import type { InterfaceState, ReadState } from './types.js';

function sameInterface(x: InterfaceState, y: InterfaceState): boolean {
  return (
    x.linkType === y.linkType &&
    x.snapLength === y.snapLength &&
    x.timeResolution === y.timeResolution &&
    x.timeOffsetSeconds === y.timeOffsetSeconds
  );
}

/** Whether `whole` is `part` with perhaps more interfaces described after those of `part`. */
export function extendsState(whole: ReadState, part: ReadState): boolean {
  return (
    whole.format === part.format &&
    whole.byteOrder === part.byteOrder &&
    whole.lengthsSwapped === part.lengthsSwapped &&
    whole.interfaces.length >= part.interfaces.length &&
    part.interfaces.every((face, i) => sameInterface(face, whole.interfaces[i]))
  );
}

export function sameState(x: ReadState, y: ReadState): boolean {
  return x.interfaces.length === y.interfaces.length && extendsState(x, y);
}

/**
 * Whether records that were read in an assumed state read the same in the one that turned out to be in force.
 * Interfaces described meanwhile change nothing for records that are `plain`: undamaged, and describing no
 * further ones.
 */
export function readsAlike(assumed: ReadState | null, inForce: ReadState | null, plain: boolean): boolean {
  if (assumed === null || inForce === null) return assumed === inForce;
  return sameState(assumed, inForce) || (plain && extendsState(inForce, assumed));
}
