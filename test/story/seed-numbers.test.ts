import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { projectRoot } from '../../src/common/version.js';

const capture = join(projectRoot, 'captures/fetched/smallFlows.pcap');
const present = existsSync(capture);
if (!present) console.log(`SKIP: ${capture} is not there (make fetch-captures downloads it)`);

interface Answer {
  results: [{ packets: number; ipv4_tcp: number; connection: { packets: number } }];
}

/** The three numbers that the exercise asks for: packets, TCP packets, packets of one connection. */
(present ? test.each : test.skip.each)([['one core', []] as [string, string[]], ['all cores', ['--multi']]])(
  'smallFlows.pcap holds 14,261 packets, 13,708 of TCP, 121 of the connection asked for: on %s',
  (_, mode) => {
    const endpoints = ['--client', '184.85.226.161:443', '--server', '172.16.255.1:10646'];
    const said = execFileSync(
      join(projectRoot, 'bin/trireme'),
      ['analyze', '--pcap', capture, ...endpoints, '--json', ...mode],
      { encoding: 'utf8' },
    );
    const [result] = (JSON.parse(said) as Answer).results;
    expect([result.packets, result.ipv4_tcp, result.connection.packets]).toEqual([14_261, 13_708, 121]);
  },
);
