/**
 * The shortest input that can be had from a failing one by leaving bytes out, in blocks of halving length until no
 * single byte can go (delta debugging, Zeller and Hildebrandt 2002). What fast-check shrinks is the recipe of an input;
 * this shortens the bytes themselves.
 *
 * @param fails whether an input still fails
 * @param mayGoOn asked before each try, so that a slow target ends with what was reached
 */
export async function reduce(
  input: Uint8Array,
  fails: (input: Uint8Array) => Promise<boolean>,
  mayGoOn: () => boolean,
): Promise<Uint8Array> {
  let smallest = input;
  let block = Math.ceil(input.length / 2);
  while (block > 0) {
    let shorter = false;
    for (let at = 0; at < smallest.length && mayGoOn();) {
      const candidate = Uint8Array.from([...smallest.subarray(0, at), ...smallest.subarray(at + block)]);
      if (await fails(candidate)) [smallest, shorter] = [candidate, true];
      else at += block;
    }
    if (!mayGoOn()) break;
    // Bytes that could not go alone may go once others are gone, so the last round is repeated while it gains.
    if (block > 1 || !shorter) block = Math.floor(block / 2);
  }
  return smallest;
}
