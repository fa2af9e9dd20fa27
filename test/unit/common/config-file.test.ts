import { configValuesMax, parseConfig, readConfigFile, sectionDepthMax } from '../../../src/common/config-file.js';
import { smallFileBytesMax } from '../../../src/common/small-file.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();

describe('a file of settings', () => {
  test('has values as they are written, with their places', () => {
    const { root, faults } = parseConfig(
      'slots: 0x10\nname: "0.50"\nlb:\n  fairness: off\n  host: [a:1, 2]\n  empty:\n',
      'f',
    );
    expect(faults).toEqual([]);
    expect(root.settings.get('slots')).toEqual({ place: 'f:1:1', values: ['0x10'], list: false });
    expect(root.settings.get('name')?.values).toEqual(['0.50']);
    const lb = root.sections.get('lb');
    expect(lb?.place).toBe('f:3:1');
    expect(lb?.settings.get('fairness')).toEqual({ place: 'f:4:3', values: ['off'], list: false });
    expect(lb?.settings.get('host')).toEqual({ place: 'f:5:3', values: ['a:1', '2'], list: true });
    expect(lb?.settings.get('empty')).toEqual({ place: 'f:6:3', values: null, list: false });
  });

  test('may be empty, and may repeat itself by aliases', () => {
    expect(parseConfig('# nothing\n', 'f')).toMatchObject({ faults: [], root: { settings: new Map() } });
    const { root, faults } = parseConfig('lb: &hub\n  grace: &grace 3s\nmaster: *hub\nwait: *grace\n', 'f');
    expect(faults).toEqual([]);
    expect(root.sections.get('master')?.settings.get('grace')?.values).toEqual(['3s']);
    expect(root.settings.get('wait')?.values).toEqual(['3s']);
  });

  test.each([
    ['a: 1\na: 2\n', /^f:2:1: .*unique/],
    ['a: [1\n', /^f:\d:\d: /],
    ['a: *no\n', /^f:1:\d: .*alias/i],
    ['- a\n', /^f:1:1: settings are lines such as/],
    ['a: [1, {b: 2}]\n', /^f:1:1: each of a list is one value/],
    ['a: 1\n---\nb: 1\n', /^f:2:1: another document begins, and settings are one$/],
    ['? [a]\n: 1\n', /^f:1:1: a key is one word/],
  ])('%j is refused where it is wrong', (text, fault) => {
    expect(parseConfig(text, 'f').faults[0]).toMatch(fault);
  });

  test('never has a line of its own in what is said of it: a token may stand there', () => {
    expect(parseConfig('token: secret"\n token: [secret\n', 'f').faults.join()).not.toMatch(/secret/);
  });

  test(`nests at most ${sectionDepthMax} deep, also when it contains itself`, () => {
    const nested = (depth: number): string => '{a: '.repeat(depth - 1) + '{b: 1}' + '}'.repeat(depth - 1);
    expect(parseConfig(nested(sectionDepthMax), 'f').faults).toEqual([]);
    const over = /sections nest 4 deep, which is over 3 \(sectionDepthMax\)/;
    expect(parseConfig(nested(sectionDepthMax + 1), 'f').faults).toEqual([expect.stringMatching(over)]);
    expect(parseConfig('&a {a: *a}', 'f').faults).toEqual([expect.stringMatching(over)]);
  });

  test(`has at most ${configValuesMax} values, also when its aliases multiply`, () => {
    const keys = (count: number, value: string): string =>
      Array.from({ length: count }, (_each, at) => `k${at}: ${value}`).join(', ');
    expect(parseConfig(`{${keys(configValuesMax / 2, '1')}}`, 'f').faults).toEqual([]);
    const many = parseConfig(`a: &a {${keys(100, '1')}}\nb: {${keys(200, '*a')}}\n`, 'f');
    expect(many.faults[0]).toMatch(/more values than 10000 \(configValuesMax\)/);
    expect(many.faults.length).toBeLessThan(300);
  });

  test('that cannot be read is said, with its name', () => {
    const over = scratch.file('over.yaml', Buffer.alloc(smallFileBytesMax + 1, '#'));
    expect(() => readConfigFile(over)).toThrow(/^--config .*over.yaml: .*smallFileBytesMax/);
    expect(() => readConfigFile(scratch.path)).toThrow('not a regular file');
    expect(() => readConfigFile(scratch.file('x.yaml', Buffer.from([0xff])))).toThrow('it is not text in UTF-8');
  });
});
