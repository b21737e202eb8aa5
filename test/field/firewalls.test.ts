import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countAnswers } from '../support/answers.ts';
import { configure, PROGRAM } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { withNft } from '../support/nft-wrappers.ts';
import { OTHER_FIREWALLS, plantFirewalls } from '../support/other-firewalls.ts';
import { AS_IT_SHOULD, startServices, TCP_SERVICE, Trials, UDP_SERVICE } from '../support/trial.ts';

/** The kernel sensor beside the firewalls of others, which start before and after it, reload and stop. */

const ACTIVE = /^adminalert: PortSentry is now active and listening\.$/;
const KERNEL = /^adminalert: The kernel sensor watches packets where the kernel accepts them/;
const BACK = /^adminalert: The table of the sensor was gone; it stands again\.$/;

let lab: Lab;
let trials: Trials;

beforeAll(async () => {
  lab = await createLab({ name: 'firewalls' });
  await plantFirewalls(lab);
  await countAnswers(lab, [TCP_SERVICE, UDP_SERVICE]);
  await startServices(lab);
  configure(lab.victim, 'SENSOR="kernel"\nBLOCK_METHOD="nftables"');
  trials = new Trials(lab);
});
afterAll(() => lab.close());

async function startDetector(env: Record<string, string>): Promise<LabProcess> {
  const detector = await lab.start(lab.victim, [process.execPath, PROGRAM, '-atcp', '-audp'], { env });
  await detector.waitForLine(ACTIVE);
  await detector.waitForLine(KERNEL);
  return detector;
}

async function hasTable(): Promise<boolean> {
  const { stdout } = await lab.run(lab.victim, ['nft', 'list', 'tables']);
  return stdout.includes('portsentry_sensor');
}

const timesBack = (detector: LabProcess) => detector.lines().filter((line) => BACK.test(line)).length;

describe.each(OTHER_FIREWALLS)('$name', (firewall) => {
  test.each([
    ['with an owner', true, () => ({})],
    ['without one', false, () => withNft(lab.victim, 'knows no owners')],
  ] as const)('beside a table %s', async (_form, isOwned, makeEnv) => {
    await firewall.start(lab);
    const detector = await startDetector(makeEnv());
    expect(await trials.run(detector), 'the firewall was first').toEqual(AS_IT_SHOULD);
    const steps = Object.entries({
      ...firewall.changes,
      stop: firewall.stop,
      start: firewall.start,
      'stop again': firewall.stop,
    });
    for (const [name, step] of steps) {
      const before = timesBack(detector);
      await step(lab);
      const begunMs = performance.now();
      if (firewall.flushesAll && !isOwned) {
        await lab.waitFor(() => timesBack(detector) > before);
        console.log(
          `${firewall.name}, ${name}: the table was back ${Math.round(performance.now() - begunMs)} ms later`,
        );
      }
      expect(await hasTable(), name).toBe(true);
      expect(await trials.run(detector), name).toEqual(AS_IT_SHOULD);
      // A source that was blocked before is blocked still, or again.
      await lab.waitFor(() => trials.isFirstShut());
      if (!firewall.flushesAll || isOwned) expect(timesBack(detector), name).toBe(0);
    }
    await detector.stop();
    expect(await hasTable()).toBe(false);
    trials.forget();
  });
});
