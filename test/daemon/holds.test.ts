import { describe, expect, test } from 'vitest';
import { Holds } from '../../src/daemon/holds.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { address } from '../track/given.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const ALONE = { isRepeat: false, isDecoy: false };
const DECOY = { isRepeat: false, isDecoy: true };

/** What a table is asked for, as `VERB SET ELEMENT [MS]`. */
function given(ipv6Prefix = 64) {
  const asked: string[] = [];
  const told: string[] = [];
  const clock = { ms: 0 };
  const ask = (verb: string) => async (set: string, element: string, ms?: number) => {
    asked.push([verb, set, element, ...(ms === undefined ? [] : [ms])].join(' '));
    return null;
  };
  const holds = new Holds({
    table: { hold: ask('hold'), release: ask('release'), exempt: ask('exempt') },
    holdTimeMs: 10 * SECOND_MS,
    ipv6Prefix,
    now: () => clock.ms,
    tell: (text) => told.push(text),
  });
  /** The kernel reports a first probe, then others each `stepMs`, for `spanMs`. Returns when it was not held. */
  const probeFor = (spanMs: number, stepMs: number, judged = ALONE) => {
    let untilMs = 0;
    const free: number[] = [];
    for (const endMs = clock.ms + spanMs; clock.ms < endMs; clock.ms += stepMs) {
      const isFree = clock.ms >= untilMs;
      if (isFree) free.push(clock.ms);
      if (isFree) holds.held(address('10.0.0.1'), judged);
      else holds.probedAgain(address('10.0.0.1'), judged);
      const isExempt = asked.at(-1)?.startsWith('exempt') === true;
      if (isFree && !isExempt) untilMs = clock.ms + 10 * SECOND_MS;
      const renewal = /^hold held4 10\.0\.0\.1 (\d+)$/.exec(asked.splice(0).at(-1) ?? '');
      if (renewal !== null) untilMs = clock.ms + Number(renewal[1]);
    }
    return free;
  };
  return { holds, asked, told, clock, probeFor };
}

describe('what anybody can forge', () => {
  test('holds a source for a minute in ten', () => {
    const { probeFor } = given();
    expect(probeFor(50 * SECOND_MS, SECOND_MS)).toEqual([0]);
    expect(probeFor(MINUTE_MS, SECOND_MS).length).toBeGreaterThan(30);
  });

  test('holds decoys as long as they go on, so that the scanner among them gains nothing (fault 24)', () => {
    const { probeFor } = given();
    expect(probeFor(20 * MINUTE_MS, SECOND_MS, DECOY)).toEqual([0]);
  });

  test('holds decoys for a minute after the last probe', () => {
    const { holds, asked } = given();
    holds.probed(address('10.0.0.1'), DECOY);
    expect(asked).toEqual([`hold held4 10.0.0.1 ${MINUTE_MS}`]);
  });

  test('is renewed by no repeated attempt', () => {
    const { holds, asked } = given();
    holds.probedAgain(address('10.0.0.1'), { isRepeat: true, isDecoy: true });
    expect(asked).toEqual([]);
  });
});

describe('IPv6 networks', () => {
  const from = (...texts: string[]) => texts.map(address);

  test('are held from their second address on, and as they grow; the largest one is told', () => {
    const { holds, asked, told } = given();
    for (const source of from('2001:db8:1::1', '2001:db8:1::2', '2001:db8:1:1::1', '2001:db8:1:2::1'))
      holds.probed(source, ALONE);
    expect(asked).toEqual(['hold held6_64 2001:db8:1:: 10000']);
    holds.probed(address('2001:db8:1:3::1'), ALONE);
    expect(asked.at(-1)).toBe('hold held6_56 2001:db8:1:: 10000');
    expect(told).toEqual([expect.stringContaining('several networks of 2001:db8:1::/56: all of it is held')]);
  });

  test('of which one is held are known as such while it is', () => {
    const { holds, clock } = given();
    for (const source of from('2001:db8:1::1', '2001:db8:1::2')) holds.probed(source, ALONE);
    const isHeld = () =>
      ['2001:db8:1::3', '2001:db8:2::1', '10.0.0.1'].map((text) => holds.isNetworkHeld(address(text)));
    expect(isHeld()).toEqual([true, false, false]);
    clock.ms += 10 * SECOND_MS;
    expect(isHeld()).toEqual([false, false, false]);
  });

  test('are held for a minute in ten: their other addresses are strangers', () => {
    const { holds, asked, clock } = given();
    for (let probe = 0; probe < 600; probe++, clock.ms += SECOND_MS)
      holds.probed(address(`2001:db8:1::${probe.toString(16)}`), ALONE);
    const heldMs = asked.length * 10 * SECOND_MS;
    expect(heldMs).toBeLessThanOrEqual(2 * MINUTE_MS);
    expect(asked.length).toBeGreaterThanOrEqual(6);
  });

  test('that the kernel holds by itself are exempt as a whole when the minute is over', () => {
    const { holds, asked, clock } = given();
    for (let probe = 0; probe < 8; probe++, clock.ms += 10 * SECOND_MS)
      holds.held(address(`2001:db8:1::${probe.toString(16)}`), ALONE);
    expect(asked.filter((line) => line.startsWith('exempt'))[0]).toMatch(
      /^exempt exempt6_64 2001:db8:1:: \d+$/,
    );
  });

  test('are held beside a decoy of theirs, which alone is held as long as it goes on', () => {
    const { holds, asked } = given();
    for (const source of from('2001:db8:1::1', '2001:db8:1::2')) holds.probed(source, DECOY);
    expect(asked).toEqual([
      'hold held6 2001:db8:1::1 60000',
      'hold held6 2001:db8:1::2 60000',
      'hold held6_64 2001:db8:1:: 10000',
    ]);
  });

  test('give way to smaller ones when they were held for their minute', () => {
    const { holds, asked, clock } = given();
    for (let probe = 0; probe < 70; probe++, clock.ms += SECOND_MS)
      for (const network of [0, 1, 2, 3]) holds.probed(address(`2001:db8:1:${network}::${probe + 1}`), ALONE);
    expect(asked.at(-1)).toMatch(/^hold held6_64 2001:db8:1:/);
  });

  test('of this host are not held, nor what contains one', () => {
    const { holds, asked } = given();
    holds.setLinks(['2001:db8:1:5::']);
    const sources = ['1:5::1', '1:5::2', '1:1::1', '1:2::1', '1:3::1', '1:4::1'];
    for (const source of sources) holds.probed(address(`2001:db8:${source}`), ALONE);
    expect(asked).toEqual([]);
  });

  test('are not held where BLOCK_IPV6_PREFIX tells their addresses apart', () => {
    const { holds, asked } = given(128);
    for (const source of from('2001:db8:1::1', '2001:db8:1::2')) holds.probed(source, ALONE);
    expect(asked).toEqual([]);
  });

  test('are free when a block in them is lifted', () => {
    const { holds, asked } = given();
    for (const source of from('2001:db8:1::1', '2001:db8:1::2')) holds.probed(source, ALONE);
    holds.end(parsePrefix('2001:db8:1::1') as NonNullable<ReturnType<typeof parsePrefix>>);
    expect(asked).toContain('release held6_64 2001:db8:1::');
    expect(holds.isNetworkHeld(address('2001:db8:1::3'))).toBe(false);
  });
});
