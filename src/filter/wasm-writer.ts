// The parts of WebAssembly's binary format that filters need (WebAssembly Core Specification 2.0, chapter 5).

export const op = {
  block: 0x02,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  return: 0x0f,
  call: 0x10,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  load: 0x28,
  load8: 0x2d,
  load16: 0x2f,
  constant: 0x41,
  constant64: 0x42,
  eqz: 0x45,
  eq: 0x46,
  ne: 0x47,
  lt: 0x49,
  gt: 0x4b,
  le: 0x4d,
  ge: 0x4f,
  gt64: 0x56,
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  div: 0x6e,
  rem: 0x70,
  and: 0x71,
  or: 0x72,
  xor: 0x73,
  shl: 0x74,
  shr: 0x76,
  rotl: 0x77,
  rotr: 0x78,
  add64: 0x7c,
  extend: 0xad,
} as const;

export const i32 = 0x7f;
export const noResult = 0x40;

/** Bytes of code, appended. */
export class Code {
  readonly bytes: number[] = [];

  byte(...bytes: number[]): this {
    this.bytes.push(...bytes);
    return this;
  }

  unsigned(value: number): this {
    let rest = value >>> 0;
    for (; rest > 127; rest >>>= 7) this.bytes.push((rest & 127) | 128);
    this.bytes.push(rest);
    return this;
  }

  /** An i32 constant; values of 32 bits without a sign are taken as they lie. */
  constant(value: number): this {
    this.bytes.push(op.constant);
    return this.signed(BigInt(value | 0));
  }

  constant64(value: number): this {
    this.bytes.push(op.constant64);
    return this.signed(BigInt(value));
  }

  signed(value: bigint): this {
    for (let rest = value; ;) {
      const low = Number(rest & 127n);
      rest >>= 7n;
      const done = (rest === 0n && (low & 64) === 0) || (rest === -1n && (low & 64) !== 0);
      this.bytes.push(done ? low : low | 128);
      if (done) return this;
    }
  }

  get(local: number): this {
    return this.byte(op.localGet).unsigned(local);
  }

  set(local: number): this {
    return this.byte(op.localSet).unsigned(local);
  }

  tee(local: number): this {
    return this.byte(op.localTee).unsigned(local);
  }

  append(other: Code): this {
    for (const byte of other.bytes) this.bytes.push(byte);
    return this;
  }
}

export interface WasmFunction {
  readonly parameters: number;
  /** Further locals of type i32. */
  readonly locals: number;
  /** Without the end. */
  readonly body: Code;
}

const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)];

/**
 * A module that imports env.memory; function 0, which takes three numbers as each that takes three does, is `match`.
 */
export function wasmModule(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = [1, 3].map((count) =>
    new Code()
      .byte(0x60)
      .unsigned(count)
      .byte(...new Array<number>(count).fill(i32), 1, i32),
  );
  const memory = new Code().unsigned(1);
  for (const name of ['env', 'memory']) memory.unsigned(utf8(name).length).byte(...utf8(name));
  memory.byte(0x02, 0x00, 0x00);
  const signatures = new Code().unsigned(functions.length);
  for (const { parameters } of functions) signatures.byte(parameters === 3 ? 1 : 0);
  const exported = new Code().byte(1, 5, ...utf8('match'), 0x00, 0x00);
  const code = new Code().unsigned(functions.length);
  for (const { locals, body } of functions) {
    const whole = locals > 0 ? new Code().byte(1).unsigned(locals).byte(i32) : new Code().byte(0);
    whole.append(body).byte(op.end);
    code.unsigned(whole.bytes.length).append(whole);
  }
  const sections = new Code().byte(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const list = new Code().unsigned(types.length).append(types[0]).append(types[1]);
  for (const [id, section] of [
    [1, list],
    [2, memory],
    [3, signatures],
    [7, exported],
    [10, code],
  ] as const)
    sections.byte(id).unsigned(section.bytes.length).append(section);
  return Uint8Array.from(sections.bytes);
}
