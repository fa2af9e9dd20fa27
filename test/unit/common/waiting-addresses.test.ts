import { addressesMax, addressGroup, WaitingAddresses } from '../../../src/common/waiting-addresses.js';

const limits = { offencesMax: 3, offencesPerSecond: 1, waitsMs: 10_000, connectionsPerSecond: 10, turnMsMax: 500 };
const offender = '192.0.2.1';

function offended(times: number, nowMs = 0): WaitingAddresses {
  const addresses = new WaitingAddresses(limits);
  for (let i = 0; i < times; i++) addresses.offended(offender, nowMs);
  return addresses;
}

test('an address waits only when more of its connections were cut off than may be', () => {
  const few = offended(limits.offencesMax);
  expect(Array.from({ length: 20 }, () => few.turn(offender, 0))).toEqual(new Array(20).fill(0));
  const many = offended(limits.offencesMax + 1);
  expect([0, 1, 2].map(() => many.turn(offender, 0))).toEqual([0, 100, 200]);
  expect(many.turn('192.0.2.2', 0)).toBe(0);
});

test('its connections take turns, and those that would wait for too long are refused', () => {
  const addresses = offended(limits.offencesMax + 1);
  const turns = Array.from({ length: 1_000 }, () => addresses.turn(offender, 0));
  expect(turns.filter((turn) => turn !== null)).toEqual([0, 100, 200, 300, 400, 500]);
  expect([addresses.turn(offender, 150), addresses.turn(offender, 150)]).toEqual([450, null]);
});

test('it waits no more some time after the last that was one too many', () => {
  const addresses = offended(limits.offencesMax + 1);
  addresses.offended(offender, 500);
  for (let i = 0; i < 6; i++) addresses.turn(offender, 10_400);
  expect(addresses.turn(offender, 10_400)).toBeNull();
  expect(addresses.turn(offender, 10_500)).toBe(0);
});

test('addresses that are remembered are bounded in number, and the oldest is forgotten', () => {
  const addresses = offended(limits.offencesMax + 1);
  addresses.turn(offender, 0);
  for (let i = 1; i < addressesMax; i++) addresses.offended(`10.0.${i >> 8}.${i & 255}`, 0);
  expect(addresses.turn(offender, 0)).toBe(100);
  addresses.offended('10.1.0.0', 0);
  expect(addresses.turn(offender, 0)).toBe(0);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:1:2::6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('%s counts as %s', (address, group) => {
  expect(addressGroup(address)).toBe(group);
});
