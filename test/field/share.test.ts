import { afterAll, beforeAll, expect, test } from 'vitest';
import { Crowdsec, LAPI_PORT } from '../support/crowdsec.ts';
import { configure, PROGRAM, startDetector, writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { comeFrom } from '../support/matrix.ts';

/** How long it takes until another host shuts out a scanner, and until all have freed it, by the real CrowdSec. */

const INTERVAL_S = 5;
const ROUNDS = 10;

/** Beside the interval: a look at proofs each second, one request a second, the engine, nft, and the question of this test. */
const REST_MS = 2_000;

let lab: Lab;
beforeAll(async () => {
  lab = await createLab({ name: 'share-field' });
});
afterAll(() => lab.close());

test('another host shuts a scanner out within the interval and two seconds, and frees it as soon', async () => {
  const central = await lab.host('engine');
  const other = await lab.host('other');
  const wires = [await lab.link(central, lab.victim), await lab.link(central, other)];
  const engine = await Crowdsec.start(central, { machines: ['one', 'two'], bouncers: ['one', 'two'] });
  for (const [index, host] of [lab.victim, other].entries()) {
    const name = ['one', 'two'][index];
    writeFile(host, '/etc/portsentry/password', `${name}-password\n`);
    writeFile(host, '/etc/portsentry/key', `${name}-key\n`);
    await host.run(['chmod', '600', '/etc/portsentry/password', '/etc/portsentry/key']);
    configure(
      host,
      `TCP_PORTS="3000"\nBLOCK_METHOD="nftables"\nAUTO_IGNORE="0"\nCROWDSEC_URL="http://${wires[index]?.from.ipv4}:${LAPI_PORT}"
CROWDSEC_MACHINE="${name}"\nCROWDSEC_PASSWORD_FILE="/etc/portsentry/password"\nCROWDSEC_KEY_FILE="/etc/portsentry/key"
CROWDSEC_INTERVAL="${INTERVAL_S}s"`,
    );
  }
  const first = await startDetector(lab, lab.victim, ['-tcp']);
  await startDetector(lab, other, ['-tcp']);
  const holds = async (source: string) =>
    (await other.run(['nft', 'list', 'table', 'inet', 'portsentry_lists'])).stdout.includes(source);
  const shut: number[] = [];
  const freed: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const source = `10.99.0.${100 + round}`;
    await comeFrom(lab, source, `fd99::${100 + round}`);
    await lab.run(lab.scanner, ['nmap', '-n', '-Pn', '-sT', '-p', '3000', lab.wire.to.ipv4]);
    await first.waitForLine(new RegExp(`${source.replaceAll('.', '\\.')} has been blocked`));
    let begun = performance.now();
    await lab.waitFor(() => holds(source));
    shut.push(Math.round(performance.now() - begun));
    await lab.run(lab.victim, [process.execPath, PROGRAM, 'unblock', source]);
    begun = performance.now();
    await lab.waitFor(async () => !(await holds(source)));
    freed.push(Math.round(performance.now() - begun));
  }
  const line = `sharing by CrowdSec, CROWDSEC_INTERVAL ${INTERVAL_S} s, ${ROUNDS} scans: shut out by the other host after ${shut} ms; freed after ${freed} ms\n`;
  process.stdout.write(line);
  expect(await engine.alertsOn('10.99.0.100')).toHaveLength(1);
  expect(Math.max(...shut, ...freed)).toBeLessThan(INTERVAL_S * 1_000 + REST_MS);
});
