import { decodeJob, decodeNumber, decodeResult, encodeNumber, encodeResult } from '../../../src/udp/protocol.js';
import { ipv4Bytes, ipv4FromLe, portFromLe } from '../../../src/udp/config-bytes.js';
import { must, type FuzzTarget } from '../target.js';

export const datagrams: FuzzTarget = {
  name: 'datagrams',
  what: 'datagrams of the UDP labs: numbers, jobs, results',
  seeds: () => [
    encodeNumber(7),
    encodeNumber(0xffff_ffff),
    encodeResult({ sleepMs: 100, thread: 3 }),
    new Uint8Array(0),
  ],
  bytesMax: 64,
  run: (input) => {
    const datagram = Buffer.from(input);
    const number = decodeNumber(datagram);
    must((number === undefined) === datagram.length < 4, 'four bytes and more hold a number');
    if (number !== undefined) {
      must(encodeNumber(number).equals(datagram.subarray(0, 4)), 'a number is written as it was read');
      must(ipv4Bytes(ipv4FromLe(number)).readUInt32LE() === number, 'so is an address');
      const port = portFromLe(number & 0xffff);
      must(port >= 0 && port <= 65535, 'a port is a port');
    }
    const job = decodeJob(datagram);
    must((job === undefined) === (datagram.length !== 4), 'four bytes are a job');
    const result = decodeResult(datagram);
    must((result === undefined) === (datagram.length !== 8), 'eight bytes are a result');
    if (result !== undefined) must(encodeResult(result).equals(datagram), 'a result is written as it was read');
  },
};
