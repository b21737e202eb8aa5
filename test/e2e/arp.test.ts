import { afterEach, beforeEach, expect, test } from 'vitest';
import { alertsOf, configurePacketSensor, dropsOf, nmap, startDetector } from '../support/detector.ts';
import { arpPacket, ethernet } from '../support/frames.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { sendFrames } from '../support/services.ts';

let lab: Lab;

beforeEach(async () => {
  lab = await createLab({ name: 'arp' });
});
afterEach(() => lab.close());

/** A neighbour asks for 20 addresses; then a probe shows that all before it was judged. */
async function sweep(): Promise<void> {
  const frames = Array.from({ length: 20 }, (_, host) =>
    ethernet(arpPacket('10.99.0.7', `10.99.0.${100 + host}`), {
      etherType: 0x0806,
      destination: 'ff:ff:ff:ff:ff:ff',
    }),
  );
  await sendFrames(lab, lab.scanner, frames);
}

test.each([
  ['is noted and never blocked, if DETECT names it', 'DETECT="syn,arp"', 4],
  ['is not looked for by default', '', 0],
])('an ARP sweep %s', async (_name, more, count) => {
  configurePacketSensor(lab.victim, more);
  const detector = await startDetector(lab, lab.victim);
  await sweep();
  if (count > 0)
    await detector.waitForLine(
      /ARP sweep from host: 10\.99\.0\.7\/10\.99\.0\.7 for address: 10\.99\.0\.119$/,
    );
  await nmap(lab, ['-sS', '-p9', '10.99.0.2']);
  await detector.waitForLine(/ to TCP port: 9$/);
  expect(detector.lines().filter((line) => line.startsWith('adminalert: ARP sweep'))).toHaveLength(count);
  expect(alertsOf(detector).filter((line) => line.includes('10.99.0.7'))).toEqual([]);
  expect((await dropsOf(lab, lab.victim)).filter((rule) => rule.includes('10.99.0.7'))).toEqual([]);
});
