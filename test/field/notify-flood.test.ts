import { afterEach, beforeEach, expect, test } from 'vitest';
import { configure, endBy, PROMPT_STARTS, startDetector } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { startReceiver } from '../support/receiver.ts';
import { startFlood } from '../support/services.ts';

/** Notifications in a flood, which needs a machine that does nothing else. */

const BLOCKS = 'BLOCK_METHOD="nftables"\nHISTORY_FILE=""\nBLOCKED_FILE=""';

/** A stop waits for the last message, at most 2 s longer than it takes without. */
const STOP_STARTS = PROMPT_STARTS * 4;

let lab: Lab;

beforeEach(async () => {
  lab = await createLab({ name: 'notify-flood' });
});
afterEach(() => lab.close());

const titles = (received: readonly { readonly headers: Readonly<Record<string, string>> }[]) =>
  received.map(({ headers }) => headers.title?.replace(/ on \S+:/, ' on HOST:'));

test('a flood of 50,000 probes a second is one message, also through a command that hangs; nothing of it stays', async () => {
  const receiver = await startReceiver(lab, 8080);
  const command = 'cat >> /run/notified; sleep 4711 & sleep 4711';
  configure(
    lab.victim,
    `${BLOCKS}\nNOTIFY_URL="http://localhost:8080/x"\nNOTIFY_FORMAT="ntfy"\nNOTIFY_COMMAND="${command}"`,
  );
  const detector = await startDetector(lab, lab.victim);
  await lab.waitFor(() => receiver.received().length > 0);
  const flood = await startFlood(lab, lab.wire, {
    perSecond: 50_000,
    seconds: 5,
    ports: [1_000, 1_999],
    probes: 2,
  });
  await flood.ended;
  expect(receiver.received()).toHaveLength(1);
  const { code, starts } = await endBy(lab, detector);
  expect(code, detector.output.slice(-4_000)).toBe(0);
  expect(starts).toBeLessThan(STOP_STARTS);
  expect(titles(receiver.received())).toEqual([
    'portsentry on HOST: started',
    expect.stringMatching(/^portsentry on HOST: \d+ scans, flood.*, stopped$/),
  ]);
  expect(receiver.received()[1]?.body).toMatch(/\nand \d+ more since .*; \d+ scans of \d+ probes in all$/);
  const left = await lab.run(lab.victim, ['pgrep', '-f', 'sleep 4711']);
  expect(left.stdout).toBe('');
});
