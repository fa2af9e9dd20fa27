import { classify } from './conversations.js';
import { endpointText } from './address-text.js';
import type { OracleReading } from './result.js';
import { withSegment, type StreamBytes } from './stream-bytes.js';

// ClientHellos over TCP by the rules of docs/FACTS.md, each in one record with a name `*.tls.example`: no
// thought of speed.

interface Open extends StreamBytes {
  number: number;
}

/** Names and how often each was asked for, and hellos that began and did not end. */
export function tlsNames(reading: OracleReading): { names: Record<string, number>; incomplete: number } {
  const open = new Map<string, Open>();
  const told = new Map<string, number>();
  const names: Record<string, number> = {};
  let incomplete = 0;
  let number = 0;
  for (const packet of reading.packets) {
    const { ip } = classify(packet);
    if (ip?.protocol !== 6 || ip.transport === null) continue;
    number++;
    const tcp = Buffer.from(ip.transport);
    const [seq, data] = [tcp.readUInt32BE(4), tcp.subarray(20)];
    if (data.length === 0) continue;
    const key = `${endpointText(ip.source, tcp.readUInt16BE(0))} ${endpointText(ip.target, tcp.readUInt16BE(2))}`;
    let stream = open.get(key);
    const fits = stream !== undefined && (seq - stream.seq) >>> 0 < 16_640 && number - stream.number <= 4096;
    const begins = data[0] === 22 && data[1] === 3 && (data.length < 6 || data[5] === 1) && data.length >= 3;
    if (!fits) {
      if (begins || (stream !== undefined && number - stream.number <= 4096)) open.delete(key);
      if (!begins || told.get(key) === seq) continue;
      stream = { number, seq, bytes: new Map() };
      incomplete++;
      open.set(key, stream);
    }
    const bytes = withSegment(stream!, seq, data);
    if (bytes.length < 5 || bytes.length < 5 + bytes[3] * 256 + bytes[4]) continue;
    incomplete--;
    const [name] = /n\d\.tls\.example/.exec(bytes.toString('latin1'))!;
    names[name] = (names[name] ?? 0) + 1;
    told.set(key, stream!.seq);
    open.delete(key);
  }
  return { names, incomplete };
}
