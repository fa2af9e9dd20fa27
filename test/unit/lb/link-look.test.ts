import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { pino } from 'pino';
import { linkKey, type LinkFacts } from '../../../src/lb/link-facts.js';
import { LinkLook, type LinkWaiter } from '../../../src/lb/link-look.js';

const told: { msg?: string }[] = [];
const log = pino({ level: 'warn' }, { write: (line: string) => void told.push(JSON.parse(line) as object) });
const looks: LinkLook[] = [];
afterEach(() => {
  for (const look of looks.splice(0)) look.close();
});

function lookWith(program?: string[], port = 1): LinkLook {
  const look = new LinkLook(() => port, log, program);
  looks.push(look);
  return look;
}

/** Asks once. */
async function asked(look: LinkLook, key: string, ms = 0): Promise<LinkFacts | undefined> {
  return new Promise((resolve) => {
    const waiter: LinkWaiter = { linkKey: key, lookBegins: () => undefined, looked: resolve };
    look.want(waiter, ms);
  });
}

const line = '0 0 10.0.0.1:1 10.0.0.2:2 cubic wscale:7,7 rtt:0.5/0.1 mss:1448 cwnd:10 snd_wnd:65536';
/** A program that answers each line it is sent as ss would, and counts its lines in the round trip. */
const stub = [
  'sh',
  '-c',
  `n=0; while read -r _; do n=$((n+1)); echo "${line}" | sed "s/rtt:0.5/rtt:$n/"; echo "end 0"; done`,
  'sh',
];

describe('looks at links', () => {
  test('all who ask at once share one look, and one child serves all looks', async () => {
    const look = lookWith(stub);
    const key = linkKey('10.0.0.2', 2);
    const first = await Promise.all([asked(look, key), asked(look, key, 1000), asked(look, linkKey('10.0.0.9', 9))]);
    expect(first.map((facts) => facts?.roundTripMs)).toEqual([1, 1, undefined]);
    expect((await asked(look, key))?.roundTripMs).toBe(2);
  });

  test('who no longer waits is not told', async () => {
    const look = lookWith(stub);
    const heard: string[] = [];
    const gone: LinkWaiter = {
      linkKey: 'x',
      lookBegins: () => heard.push('begins'),
      looked: () => heard.push('looked'),
    };
    look.want(gone, 0);
    look.forget(gone);
    await asked(look, 'x');
    expect(heard).toEqual([]);
  });

  test.each([
    ['is missing', ['/no/such/program']],
    ['fails', ['sh', '-c', 'while read -r _; do echo "end 127"; done', 'sh']],
    ['ends', ['sh', '-c', 'read -r _', 'sh']],
  ])(
    'where the program %s everybody is told that nothing can be known, and the log says so once',
    async (_, program) => {
      told.length = 0;
      const look = lookWith(program);
      for (let i = 0; i < 5; i++) expect(await asked(look, 'x')).toBeUndefined();
      expect(told.map(({ msg }) => msg)).toEqual([
        expect.stringMatching(/^ss \(iproute2\) tells nothing of TCP links/),
      ]);
    },
  );

  test('ss tells of a real connection', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = connect(port, '127.0.0.1');
    const [accepted] = (await once(server, 'connection')) as [Socket];
    try {
      const facts = await asked(
        lookWith(undefined, port),
        linkKey(accepted.remoteAddress ?? '', accepted.remotePort ?? 0),
      );
      if (facts === undefined) {
        console.log('SKIP: ss (iproute2) is not here');
        return;
      }
      expect(facts.segmentBytes).toBeGreaterThan(1024);
      expect(facts.receiverWindowBytes).toBeGreaterThan(16 * 1024);
      expect(facts.unacknowledgedBytes).toBe(0);
    } finally {
      client.destroy();
      accepted.destroy();
      server.close();
    }
  });
});
