import { expect, onTestFinished, test } from 'vitest';
import { Fleet } from '../support/fleet.ts';
import { crowdsecEngine, redisEngine } from '../support/fleet-engines.ts';

/** How long it takes until other hosts shut out a scanner, and until they have freed it, by the real engines. */

const INTERVAL_S = 5;
const ROUNDS = 10;

/** Beside the interval: a look at proofs each second, one request a second, the engine, nft, and the question of this test. */
const REST_MS = 2_000;

test.each([
  ['CrowdSec', crowdsecEngine, INTERVAL_S * 1_000],
  ['Redis', redisEngine, 0],
] as const)(
  'by %s other hosts shut a scanner out within the interval and two seconds, and free it as soon',
  async (name, start, intervalMs) => {
    const fleet = await Fleet.create('share-field', start);
    onTestFinished(async () => {
      await fleet.endTest();
      await fleet.lab.close();
    });
    const { lab, members, engine } = fleet;
    const [one, two] = members;
    const interval = intervalMs === 0 ? '' : `CROWDSEC_INTERVAL="${INTERVAL_S}s"`;
    const first = await fleet.start(one, interval);
    await fleet.start(two, interval);
    const holds = async (source: string) =>
      (await two.host.run(['nft', 'list', 'table', 'inet', 'portsentry_lists'])).stdout.includes(source);
    const shut: number[] = [];
    const freed: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const source = await fleet.newScanner();
      await fleet.scan();
      await first.waitForLine(new RegExp(`${source.replaceAll('.', '\\.')} has been blocked`));
      let begun = performance.now();
      await lab.waitFor(() => holds(source));
      shut.push(Math.round(performance.now() - begun));
      await fleet.ask(one, 'unblock', source);
      begun = performance.now();
      await lab.waitFor(async () => !(await holds(source)));
      freed.push(Math.round(performance.now() - begun));
      expect(await engine.timesTold(source)).toBe(1);
    }
    const asked = intervalMs === 0 ? '' : `, CROWDSEC_INTERVAL ${INTERVAL_S} s`;
    process.stdout.write(
      `sharing by ${name}${asked}, ${ROUNDS} scans: shut out by the other host after ${shut} ms; freed after ${freed} ms\n`,
    );
    expect(Math.max(...shut, ...freed)).toBeLessThan(intervalMs + REST_MS);
  },
);
