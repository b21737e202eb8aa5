import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { LAPI_PORT } from '../support/crowdsec.ts';
import { writeFile } from '../support/detector.ts';
import { eventually } from '../support/eventually.ts';
import { Fleet } from '../support/fleet.ts';
import { crowdsecEngine } from '../support/fleet-engines.ts';
import { testSharing } from '../support/fleet-tests.ts';
import { SESSION } from '../support/share-picture.ts';

/** Three hosts that share what they know by the real CrowdSec of Debian. */

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.create('share', crowdsecEngine);
});
afterAll(() => fleet.lab.close());
afterEach(() => fleet.endTest());

testSharing(() => fleet, SESSION);

test('share --test says which credential is wrong', async () => {
  const [one] = fleet.members;
  await fleet.start(one);
  expect(await fleet.ask(one, 'share', '--test')).toMatch(/^CrowdSec at \S+\nok .*\nok .*\n$/);
  writeFile(one.host, '/etc/portsentry/key', 'wrong\n');
  writeFile(one.host, '/etc/portsentry/password', 'wrong\n');
  expect(await fleet.ask(one, 'share', '--test')).toBe(
    `CrowdSec at http://${one.wire.from.ipv4}:${LAPI_PORT}
FAIL  It is not told of sources: it refuses the login of one: status 401: incorrect Username or Password.
FAIL  It gives no decisions of other hosts: it refuses this host: status 403: access forbidden.
`,
  );
});

test('an engine of an enemy shuts out nobody whom this host needs, and holds up no block', async () => {
  const { lab, members } = fleet;
  const [one] = members;
  const { from, to } = one.wire;
  const port = 8_081;
  await lab.run(one.host, ['ip', 'route', 'add', 'default', 'via', from.ipv4]);
  const program = fileURLToPath(new URL('../support/services/evil-lapi.mjs', import.meta.url));
  const evil = await lab.start(from.host, [process.execPath, program, String(port), from.ipv4, to.ipv4]);
  fleet.endsWithTest(evil);
  await evil.waitForLine(/listening/);
  const scanner = await fleet.newScanner();
  const first = await fleet.start(one, `AUTO_IGNORE="1"\nCROWDSEC_URL="http://${from.ipv4}:${port}"`);
  const line = await first.waitForLine(/is left out/);
  expect(line).toMatch(/1 decision \(\?\): scope \? is no address/);
  expect(line).toMatch(/\(0\.0\.0\.0\/0\): a network wider than \/8 is no list's/);
  expect(line).toContain(`(${from.ipv4}): engine ${from.ipv4} of CROWDSEC_URL`);
  expect(line).toContain(`(${to.ipv4}): own address ${to.ipv4}`);
  expect(await fleet.listOf(one)).toEqual(['192.0.2.66']);
  expect(await fleet.ask(one, 'why', '192.0.2.66')).toContain(': [31mevil: x\n');
  await fleet.scan();
  await first.waitForLine(new RegExp(`${scanner}.* has been blocked`));
  await eventually(async () => expect(await fleet.ask(one, 'status')).toMatch(/told +0 sources, 1 waiting/));
});
