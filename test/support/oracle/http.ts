import { classify } from './conversations.js';
import { endpointText } from './address-text.js';
import type { OracleReading } from './result.js';
import { withSegment, type StreamBytes } from './stream-bytes.js';

// Requests and responses of HTTP/1 by the rules of docs/FACTS.md, for heads that no ClientHello comes
// between: no thought of speed.

interface Open extends StreamBytes {
  number: number;
  counted: boolean;
}

export interface OracleHttp {
  methods: Record<string, number>;
  hosts: Record<string, number>;
  statuses: Record<string, number>;
  /** Of hosts. */
  responses: Record<string, number>;
  withoutHost: number;
  incomplete: number;
}

const requestLine = /^[A-Z_-]{3,20} [^\n]* HTTP\/1\.[^\n]\r?$/;
const raise = (counts: Record<string, number>, key: string): void => void (counts[key] = (counts[key] ?? 0) + 1);

/** The heads with which a segment begins, and where each stands. */
function headsOf(text: string): { at: number; isRequest: boolean; text: string }[] {
  const heads = [];
  for (let at = 0; at + 12 <= text.length;) {
    const rest = text.slice(at);
    const end = /\n\r?\n/.exec(rest);
    const head = end === null ? rest : rest.slice(0, end.index + end[0].length);
    const [line] = head.split('\n');
    const whole = head.includes('\n');
    const isRequest = whole ? requestLine.test(line) : /^[A-Z_-]{3,20} \//.test(line);
    if (!isRequest && !rest.startsWith('HTTP/1.')) break;
    heads.push({ at, isRequest, text: head });
    at += head.length;
  }
  return heads;
}

export function httpOf(reading: OracleReading): OracleHttp {
  const told: OracleHttp = { methods: {}, hosts: {}, statuses: {}, responses: {}, withoutHost: 0, incomplete: 0 };
  const last = new Map<string, number>();
  const hostOf = new Map<string, string>();
  const open = new Map<string, Open>();
  let number = 0;

  const take = (key: string, stream: Open, seq: number, data: Buffer): void => {
    const text = withSegment(stream, seq, data).toString('latin1');
    const whole = /\n\r?\n/.exec(text);
    const [head, isWhole] = whole === null ? [text, false] : [text.slice(0, whole.index + 1), true];
    open.set(key, stream);
    if (!head.includes('\n')) return;
    const [line, ...fields] = head.split('\n');
    if (!requestLine.test(line)) {
      told.incomplete--;
      open.delete(key);
      return;
    }
    if (!stream.counted) raise(told.methods, line.split(' ')[0]);
    stream.counted = true;
    const field = fields.slice(0, -1).find((text) => /^host:/i.test(text));
    if (field === undefined && !isWhole) return;
    told.incomplete--;
    open.delete(key);
    if (field === undefined) told.withoutHost++;
    else {
      const host = field.slice(5).trim().toLowerCase();
      raise(told.hosts, host);
      hostOf.set(key, host);
    }
  };

  for (const packet of reading.packets) {
    const { ip } = classify(packet);
    if (ip?.protocol !== 6 || ip.transport === null) continue;
    number++;
    const tcp = Buffer.from(ip.transport);
    const [seq, data] = [tcp.readUInt32BE(4), tcp.subarray(20)];
    if (data.length === 0) continue;
    const ends = [endpointText(ip.source, tcp.readUInt16BE(0)), endpointText(ip.target, tcp.readUInt16BE(2))];
    const [key, back] = [ends.join(' '), [...ends].reverse().join(' ')];
    const heads = headsOf(data.toString('latin1'));
    for (const head of heads) {
      const at = (seq + head.at) >>> 0;
      if (!head.isRequest && !/^HTTP\/1\.\d \d{3}/.test(head.text)) continue;
      const before = last.get(key);
      if (before !== undefined && (before - at) >>> 0 < 2 ** 20) {
        if (head.isRequest && open.get(key)?.seq !== at) open.delete(key);
        continue;
      }
      last.set(key, at);
      if (head.isRequest) {
        hostOf.delete(key);
        open.delete(key);
        told.incomplete++;
        take(key, { number, seq: at, bytes: new Map(), counted: false }, at, Buffer.from(head.text, 'latin1'));
      } else {
        raise(told.statuses, head.text.slice(9, 12));
        const host = hostOf.get(back);
        if (host !== undefined) raise(told.responses, host);
      }
    }
    if (heads.length > 0) continue;
    const stream = open.get(key);
    if (stream === undefined) continue;
    if ((seq - stream.seq) >>> 0 < 16_640 && number - stream.number <= 4096) take(key, stream, seq, data);
    else open.delete(key);
  }
  return told;
}
