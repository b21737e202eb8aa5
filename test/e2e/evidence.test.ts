/**
 * What packets that anybody can forge buy a scanner, and what they cost others: faults 18, 22, 24 and 25, with both sensors.
 * Answers are counted on the cable.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answersByAddress, countAnswers } from '../support/answers.ts';
import { configure, startDetector } from '../support/detector.ts';
import { ethernet, SYN, tcpPacket, udpPacket } from '../support/frames.ts';
import { elementsOf } from '../support/held.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { targetsOf } from '../support/orders.ts';
import { sendFrames, startService } from '../support/services.ts';

const PORTS = 200;
const FIRST_PORT = 3_000;
const SERVICE = 80;

/** Addresses of the scanner on the link, and hardware addresses of the link. */
const EXTRA_ADDRESSES = 120;
const OTHER_MAC = '02:99:00:00:77:02';

/** The packet sensor's host answers until the hold is there. */
const MOST_DECOYS = 20;
const MOST_NETWORKS = 50;

interface Syn {
  readonly source: string;
  readonly port: number;
  readonly sequence?: number;
  readonly mac?: string;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe.each(['kernel', 'packet'])('with the %s sensor', (sensor) => {
  const isKernel = sensor === 'kernel';
  let lab: Lab;
  let detector: LabProcess;
  let strangers = 0;

  beforeAll(async () => {
    lab = await createLab({ name: `evidence-${sensor}` }, { extraAddresses: EXTRA_ADDRESSES });
    const { from, to } = lab.wire;
    await lab.run(lab.victim, ['ip', 'route', 'add', 'default', 'via', from.ipv4]);
    await lab.run(lab.victim, ['ip', '-6', 'route', 'add', 'default', 'via', from.ipv6]);
    // An answer must not wait for a question for the hardware address.
    await lab.run(lab.scanner, ['ping', '-c', '1', to.ipv6]);
    await startService(lab, lab.victim, 'http', SERVICE);
    configure(
      lab.victim,
      [
        `SENSOR="${sensor}"`,
        'BLOCK_METHOD="nftables"',
        'HISTORY_FILE=""',
        'AUTO_IGNORE="0"',
        // Long enough for what is tried while somebody is held, and short enough to see it end.
        'HOLD_TIME="20s"',
      ].join('\n'),
    );
    detector = await startDetector(lab, lab.victim);
    await countAnswers(lab);
  });
  afterAll(() => lab.close());

  const send = (syns: readonly Syn[]) => {
    const { from, to } = lab.wire;
    const frames = syns.map(({ source, port, sequence = port, mac = from.mac }) => {
      const destination = source.includes(':') ? to.ipv6 : to.ipv4;
      const packet = tcpPacket({ source, destination, destinationPort: port, flags: SYN, sequence });
      return ethernet(packet, { source: mac, destination: to.mac });
    });
    return sendFrames(lab, lab.scanner, frames);
  };
  const isHeld = async (set: string, element: string) =>
    (await elementsOf(lab, lab.victim, set)).includes(element);
  /** How many answers addresses that match have got. */
  const answersTo = async (isMeant: (address: string) => boolean) => {
    let sum = 0;
    for (const [address, count] of await answersByAddress(lab)) if (isMeant(address)) sum += count;
    return sum;
  };
  /** Resolves when all that was sent before has been answered: a stranger asks the service last. */
  const allAnswered = async (family: 4 | 6 = 4) => {
    strangers += 1;
    const source = family === 4 ? `198.18.0.${strangers}` : `2001:db8:ffff:${strangers}::1`;
    await send([{ source, port: SERVICE }]);
    await lab.waitFor(async () => (await answersTo((address) => address === source)) > 0);
  };
  /** Whether the service answers this address. */
  const isServed = async (source: string, mac?: string) => {
    const before = await answersTo((address) => address === source);
    await send([{ source, port: SERVICE, ...(mac === undefined ? {} : { mac }) }]);
    await allAnswered(source.includes(':') ? 6 : 4);
    return (await answersTo((address) => address === source)) > before;
  };

  /**
   * Sends `count` probes, and then one after the other until the network is held: the daemon begins a bounded number of holds
   * a second, and decoys may have used them up. Returns how many it took.
   */
  const sendUntil = async (set: string, network: string, probe: (index: number) => Syn, count: number) => {
    let sent = count;
    await send(numbers(count).map(probe));
    await lab.waitFor(async () => {
      if (await isHeld(set, network)) return true;
      await send([probe(sent++)]);
      return false;
    });
    return sent;
  };

  test('a companion packet for each port buys a scanner nothing (fault 24)', async () => {
    const scanner = lab.wire.from.extraIpv4[0] as string;
    const pair = (port: number): Syn[] => [
      { source: scanner, port, sequence: 9_000 + port },
      { source: `203.0.113.${1 + (port % 250)}`, port, sequence: 9_000 + port },
    ];
    await send(pair(FIRST_PORT));
    await detector.waitForLine(/^attackalert: Decoys: 2 sources sent the same packet at once/);
    await send(pair(FIRST_PORT + 1));
    await lab.waitFor(() => isHeld('held4', scanner));
    await send(numbers(PORTS).flatMap((index) => pair(FIRST_PORT + 2 + index)));
    // Where a busy machine lets a companion come late, the scanner is blocked instead of held.
    expect(await isServed(scanner)).toBe(false);
    expect(await answersTo((address) => address === scanner)).toBeLessThanOrEqual(isKernel ? 0 : MOST_DECOYS);
  });

  test('a new /64 of a /48 for each probe buys a scanner nothing (fault 25)', async () => {
    const probe = (index: number): Syn => ({
      source: `2001:db8:25:${(index * 257).toString(16)}::1`,
      port: FIRST_PORT + index,
    });
    const sent = await sendUntil('held6_48', '2001:db8:25::', probe, 8);
    await detector.waitForLine(
      /^adminalert: Probes come from several networks of 2001:db8:25::\/48: all of it/,
    );
    await send(numbers(PORTS).slice(sent).map(probe));
    expect(await isServed('2001:db8:25:eeee::1')).toBe(false);
    expect(await isServed('2001:db8:26:eeee::1')).toBe(true);
    const answers = await answersTo((address) => address.startsWith('2001:db8:25:'));
    expect(answers).toBeLessThanOrEqual(isKernel ? 0 : MOST_NETWORKS);
  });

  test('a new address of a /64 for each probe buys a scanner nothing, and strangers there are not blocked (18, 25)', async () => {
    const probe = (index: number): Syn => ({ source: `2001:db8:64::${index + 1}`, port: FIRST_PORT + index });
    const sent = await sendUntil('held6_64', '2001:db8:64::', probe, 3);
    await send(numbers(PORTS).slice(sent).map(probe));
    expect(await isServed('2001:db8:64::ffff')).toBe(false);
    expect(await answersTo((address) => address.startsWith('2001:db8:64:'))).toBeLessThanOrEqual(
      isKernel ? 0 : MOST_NETWORKS,
    );
    // What can be forged blocks no whole network, and few of its addresses.
    const targets = (await targetsOf(lab)).filter((target) => target.startsWith('2001:db8:64::'));
    expect(targets.filter((target) => target.includes('/'))).toEqual([]);
    expect(targets.length).toBeLessThan(MOST_NETWORKS);
    // When the hold ends the strangers are served again.
    await lab.waitFor(async () => !(await isHeld('held6_64', '2001:db8:64::')));
    expect(await isServed('2001:db8:64::fffe')).toBe(true);
    // An address that comes back is better evidence than one packet from each: then the next one blocks all.
    await send([
      { source: '2001:db8:64::9001', port: 5_000 },
      { source: '2001:db8:64::9001', port: 5_001 },
      { source: '2001:db8:64::9002', port: 5_002 },
    ]);
    await lab.waitFor(async () => (await targetsOf(lab)).includes('2001:db8:64::/64'));
  });

  test('a new address of the own link for each probe buys a neighbour nothing (fault 25)', async () => {
    const { from } = lab.wire;
    const addresses = from.extraIpv6.map((address) => address.replace(':0::', '::'));
    const [served, refused, ...probing] = addresses as [string, string, ...string[]];
    const probes = (count: number) =>
      probing.splice(0, count).map((source) => ({ source, port: FIRST_PORT + probing.length }));
    await lab.waitFor(async () => {
      await send(probes(5));
      return isHeld('held_mac', from.mac);
    });
    await send(probes(probing.length));
    expect(await isServed(refused)).toBe(false);
    const answers = await answersTo((address) => address.startsWith('fd99::'));
    expect(answers).toBeLessThanOrEqual(isKernel ? 0 : MOST_NETWORKS);
    // Another neighbour is served, and so is who comes through a router with this hardware address (`allAnswered`).
    expect(await isServed(served, OTHER_MAC)).toBe(true);
  });
});

test('in a flood of forged sources an accepted connection is blocked (fault 22)', async () => {
  const lab = await createLab({ name: 'evidence-breaker' });
  try {
    const { from, to } = lab.wire;
    const settings = [
      'BLOCK_METHOD="nftables"',
      'BLOCK_RATE_MAX="5"',
      'DECOY_POLICY="block"',
      'TCP_PORTS="3000"',
    ];
    configure(lab.victim, settings.join('\n'));
    const detector = await startDetector(lab, lab.victim, ['-tcp', '-audp']);
    const forged = numbers(100).map((index) => {
      const source = `198.51.100.${1 + index}`;
      const packet = udpPacket({ source, destination: to.ipv4, destinationPort: FIRST_PORT + index });
      return ethernet(packet, { source: from.mac, destination: to.mac });
    });
    await sendFrames(lab, lab.scanner, forged);
    await detector.waitForLine(/^adminalert: More than 5 new sources were to be blocked within a minute/);
    await lab.run(lab.scanner, ['bash', '-c', `exec 3<>/dev/tcp/${to.ipv4}/3000; cat <&3`]);
    await detector.waitForLine(/^attackalert: Host 10\.99\.0\.1 has been blocked/);
    expect((await targetsOf(lab)).filter((target) => !target.startsWith('198.51.100.'))).toEqual([
      '10.99.0.1',
    ]);
  } finally {
    await lab.close();
  }
});
