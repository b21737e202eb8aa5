import { expect, test } from 'vitest';
import { EngineAddresses } from '../../src/daemon/engine-addresses.ts';
import { eventually } from '../support/eventually.ts';

/** The finder, and what it has told last. */
function finder() {
  const told: string[] = [];
  const addresses = new EngineAddresses((found) => {
    told.splice(0, told.length, ...found.map(({ address, of }) => `${address} of ${of}`));
  });
  return { addresses, told };
}

test.each([
  ['http://192.0.2.8:8080', null, ['192.0.2.8 of CROWDSEC_URL']],
  ['https://[2001:db8::8]:8080/path', null, ['2001:db8::8 of CROWDSEC_URL']],
  [null, 'rediss://192.0.2.9:6379', ['192.0.2.9 of REDIS_URL']],
  ['http://192.0.2.8:8080', 'redis://192.0.2.9', ['192.0.2.8 of CROWDSEC_URL']],
  [null, null, []],
])('an address is known at once: %s and %s', (crowdsecUrl, redisUrl, expected) => {
  const { addresses, told } = finder();
  addresses.configure({ crowdsecUrl, redisUrl });
  expect(told).toEqual(expected);
});

test('a name is looked up, and another engine takes its place', async () => {
  const { addresses, told } = finder();
  addresses.configure({ crowdsecUrl: 'http://localhost:8080', redisUrl: null });
  expect(told).toEqual([]);
  addresses.tick(0);
  await eventually(() => expect(told.join()).toMatch(/(127\.0\.0\.1|::1) of CROWDSEC_URL/));
  addresses.configure({ crowdsecUrl: null, redisUrl: 'redis://192.0.2.9' });
  expect(told).toEqual(['192.0.2.9 of REDIS_URL']);
});
