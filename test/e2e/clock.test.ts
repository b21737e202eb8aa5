import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configure, nmap, PROGRAM, writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { blocksOf, order } from '../support/orders.ts';

/** The wall clock of the daemon is set, in steps and slewed, while blocks stand: fault 21. */

const LIBRARY = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path));

const CLOCK = '/etc/portsentry/clock';
const BLOCK_TIME_MS = 6_000;
const ACTIVE = /^adminalert: PortSentry is now active and listening\.$/;

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'clock' });
});
afterEach(() => lab.close());

/** Whether the firewall drops what the scanner sends. */
async function isDropped(method: string): Promise<boolean> {
  const source = lab.wire.from.ipv4;
  const command =
    method === 'nftables'
      ? ['nft', 'get', 'element', 'inet', 'portsentry', 'block4_32', `{ ${source} }`]
      : ['iptables', '-C', 'INPUT', '-s', source, '-j', 'DROP'];
  return (await lab.run(lab.victim, command)).code === 0;
}

test.each([
  ['kernel', 'nftables'],
  ['packet', 'command'],
])(
  'with the %s sensor, blocks by %s last as long as they should, wherever the clock is set',
  async (sensor, method) => {
    const undo = 'UNKILL_ROUTE="/sbin/iptables -D INPUT -s $TARGET$ -j DROP"';
    const times = `BLOCK_TIME="${BLOCK_TIME_MS / 1_000}s"\nBLOCK_TIME_FACTOR="1"`;
    configure(lab.victim, `SENSOR="${sensor}"\nBLOCK_METHOD="${method}"\n${undo}\n${times}`);
    const set = (clock: string) => writeFile(lab.victim, CLOCK, `${clock}\n`);
    set('+0');
    const env = {
      LD_PRELOAD: LIBRARY ?? 'libfaketime',
      FAKETIME_TIMESTAMP_FILE: CLOCK,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_NO_CACHE: '1',
    };
    const detector = await lab.start(lab.victim, [process.execPath, PROGRAM, '-atcp'], { env });
    await detector.waitForLine(ACTIVE);
    const said = () => detector.lines().filter((line) => line.includes('The clock was set'));
    const [source] = [lab.wire.from.ipv4];
    let saidBefore = 0;
    for (const [clock, how, aheadMs] of [
      ['-3h', /set back by 3 h/, -3 * 3_600_000],
      ['+25h', /set forward by 1 d 4 h/, 25 * 3_600_000],
      // From here on it is 20 % too fast.
      ['+25h x1.2', /set forward by \d+ s/, null],
    ] as const) {
      const begun = performance.now();
      await nmap(lab, ['-sS', '-p', '20-30', lab.wire.to.ipv4]);
      await lab.waitFor(async () => (await isDropped(method)) && (await blocksOf(lab)).length === 1);
      set(clock);
      const line = await lab.waitFor(() => said()[saidBefore]);
      expect(line).toMatch(how);
      saidBefore = said().length;
      const [block] = await blocksOf(lab);
      // A slow machine may have let it end meanwhile.
      if (block !== undefined && performance.now() - begun < BLOCK_TIME_MS) {
        expect(await isDropped(method), 'in force').toBe(true);
        expect((block.until as number) - block.since).toBe(BLOCK_TIME_MS);
        if (aheadMs !== null) expect(Math.abs(block.since - (Date.now() + aheadMs))).toBeLessThan(3_600_000);
      }
      await lab.waitFor(async () => (await blocksOf(lab)).length === 0);
      expect(performance.now() - begun, 'not too early').toBeGreaterThanOrEqual(BLOCK_TIME_MS);
      await lab.waitFor(async () => !(await isDropped(method)));
      const { earlier } = JSON.parse((await order(lab, 'why', source, '--json')).stdout);
      expect(earlier.how).toBe('its time was over');
    }
    await detector.stop();
  },
);
