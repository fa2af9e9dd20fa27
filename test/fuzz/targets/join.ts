import { checkOutcomes } from '../../../src/captures/join/check-outcomes.js';
import { decodeJoinList, encodeJoinList, type JoinList } from '../../../src/captures/join/join-list.js';
import { TriremeError } from '../../../src/common/errors.js';
import { asText, must, refusedBy, utf8, type FuzzTarget } from '../target.js';

const seen = { sizeBytes: 5, endsSha256: 'ab'.repeat(32) };
const list: JoinList = {
  name: 'ring',
  parts: [
    { name: 'a', found: true, path: '/a', seen },
    { name: 'b', found: false, path: '', seen },
    { name: 'c', found: false, path: '/c', seen: null },
  ],
  failed: [{ file: 'd', error: 'unreadable', error_detail: 'd: permission denied' }],
};

export const joinList: FuzzTarget = {
  name: 'join-list',
  what: 'the list of the files of a joined capture, which a client uploads to a master',
  seeds: () => [encodeJoinList(list), encodeJoinList({ name: '', parts: [], failed: [] })],
  words: ['null', '-1', '""', '1e400', '{}', '[]', '"path":', '"seen":', '"found":', '\\u0000', '__proto__'],
  run: (input) => {
    const read = refusedBy([TriremeError], () => decodeJoinList(input));
    if (read === undefined) return;
    must(
      read.parts.every((part) => part.path !== '' || part.seen !== null),
      'every file of a list is somewhere',
    );
    must(
      read.parts.every((part) => part.seen === null || Number.isSafeInteger(part.seen.sizeBytes)),
      'a size is a whole number',
    );
    must(JSON.stringify(decodeJoinList(encodeJoinList(read))) === JSON.stringify(read), 'a list is read as written');
  },
};

const state = { format: 'pcap', byteOrder: 'little', interfaces: [], lengthsSwapped: false };
const facts = {
  ...{ packets: 3, capturedBytes: 9, firstNs: '1', lastNs: '2', sections: 1, interfaces: 1, end: 40 },
  ...{ endState: state, cut: null, damage: { offset: 3, detail: 'x' }, notACapture: null },
};

export const fileOutcomes: FuzzTarget = {
  name: 'file-outcomes',
  what: 'what a worker says of the files of a joined capture, as JSON text',
  seeds: () => [
    utf8(JSON.stringify([{ facts, inflated: { truncated: false, damage: null } }])),
    utf8(JSON.stringify([{ error: 'changed', error_detail: 'a: changed' }])),
  ],
  words: ['null', '-1', '1e400', '{}', '[]', '"error":', '"facts":', '"grew":true', '"endState":'],
  run: (input) => {
    const said = refusedBy([SyntaxError], () => JSON.parse(asText(input)) as unknown);
    const outcomes = refusedBy([TriremeError], () => checkOutcomes(said, 1));
    if (outcomes === undefined) return;
    const [outcome] = outcomes;
    must('error' in outcome || outcome.facts.packets >= 0, 'an outcome is a failure or has counts');
  },
};
