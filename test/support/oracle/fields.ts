/** Reads unsigned numbers of a given byte order out of bytes. */
export class Fields {
  private readonly view: DataView;

  constructor(
    bytes: Uint8Array,
    readonly order: 'little' | 'big',
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u16(offset: number): number {
    return this.view.getUint16(offset, this.order === 'little');
  }

  u32(offset: number): number {
    return this.view.getUint32(offset, this.order === 'little');
  }

  i64(offset: number): bigint {
    return this.view.getBigInt64(offset, this.order === 'little');
  }
}
