// In place of src/pcap/names in a browser: the page asks for no names, and is smaller without what tells them.

export class NamesCollector {
  constructor() {
    throw new Error('names are not told in a browser');
  }
}

export function namesFacts(): never {
  throw new Error('names are not told in a browser');
}

export const mostCalled = namesFacts;
