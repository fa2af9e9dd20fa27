// Numbers as networks write them, the highest byte first.

// @ts-ignore: decorator
@inline
export function big16(at: usize): u32 {
  return ((<u32>load<u8>(at)) << 8) | <u32>load<u8>(at, 1);
}

// @ts-ignore: decorator
@inline
export function big32(at: usize): u32 {
  return bswap<u32>(load<u32>(at));
}
