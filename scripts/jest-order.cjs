'use strict';
const { default: Sequencer } = require('@jest/test-sequencer');

/** The test files that take longest, longest first, as seen on two cores. One of them begun last would run alone at the end. */
const longest = [
  'story/master-durable',
  'chaos/masters/masters',
  'story/growing-files',
  'story/nats-trust',
  'lab/lab-b',
  'story/cluster-join',
  'story/cluster-agreement',
  'story/installed-package',
  'fuzz/fuzz',
  'story/masters-shared',
  'story/index-cluster',
  'story/lb-late-answers',
  'story/lb-links',
  'story/live-page-lb',
  'lab/documents',
  'lab/interruption',
  'unit/pcap/splitting.property',
  'unit/filter/tcpdump-programs',
  'story/url-captures',
  'story/state-damage',
];

/** Begins with these files; the others follow as jest orders them, by what they took last or by their size. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const at = longest.findIndex((name) => path.endsWith(`/${name}.test.js`));
      return at === -1 ? longest.length : at;
    };
    return super.sort(tests).sort((a, b) => place(a) - place(b));
  }
};
