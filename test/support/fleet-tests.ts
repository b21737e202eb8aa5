import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import type { Fleet } from './fleet.ts';
import { asInPicture, type SessionPart } from './share-picture.ts';

/**
 * What holds for every engine. `fleetOf` gives the fleet, which is there when the tests run; `session` has what the first test
 * prints, where README shows it.
 */
export function testSharing(fleetOf: () => Fleet, session?: readonly SessionPart[]): void {
  test('a source that scans one host is shut out by all; unblock on any of them frees all', async () => {
    const fleet = fleetOf();
    const { members, engine } = fleet;
    const [one, two, three] = members;
    const scanner = await fleet.newScanner();
    const [first] = await fleet.startAll();
    expect(await fleet.reaches(two, scanner)).toBe(true);
    await fleet.scan();
    await first.waitForLine(/has been blocked/);
    await eventually(async () => {
      expect(await fleet.listOf(two)).toContain(scanner);
      expect(await fleet.listOf(three)).toContain(scanner);
    });
    expect(await fleet.reaches(two, scanner)).toBe(false);
    expect(await fleet.reaches(three, scanner)).toBe(false);
    // What this host has said does not come back to it.
    expect(await fleet.listOf(one)).toEqual([]);
    expect(await fleet.ask(two, 'why', scanner)).toMatch(
      new RegExp(`in the list ${engine.list}, ends .*: portsentry/scan from \\S+`),
    );
    expect(await fleet.ask(one, 'why', scanner)).toContain(`was told of ${scanner}\n`);
    expect(await engine.timesTold(scanner)).toBe(1);
    const printed = [await fleet.ask(one, 'list'), await fleet.ask(two, 'list')];
    expect(await fleet.ask(three, 'list')).toBe(printed[1]);

    const freed = await fleet.ask(three, 'unblock', scanner);
    expect(freed).toMatch(
      new RegExp(`^${scanner} is no longer in the list ${engine.list}; \\S+ at \\S+ is told\n$`),
    );
    expect(await fleet.reaches(three, scanner)).toBe(true);
    await first.waitForLine(new RegExp(`${scanner} was unblocked at `));
    await eventually(async () => expect(await fleet.listOf(two)).not.toContain(scanner));
    expect(await fleet.reaches(two, scanner)).toBe(true);
    printed.push(freed, await fleet.ask(one, 'list'));
    expect(printed[3]).not.toContain(scanner);
    expect(await fleet.ask(two, 'list')).toBe(printed[3]);
    if (session === undefined) return;
    expect(printed.map((output) => asInPicture(output, scanner))).toEqual(
      session.map(({ output }) => output),
    );
  });

  test('an engine that is away for the whole scan is told later, once', async () => {
    const fleet = fleetOf();
    const { members, engine } = fleet;
    const [one, two] = members;
    const scanner = await fleet.newScanner();
    const first = await fleet.start(one);
    await engine.stop();
    await fleet.start(two);
    await first.waitForLine(/gives no decisions: /);
    await fleet.scan();
    await first.waitForLine(/has been blocked/);
    await eventually(async () =>
      expect(await fleet.ask(one, 'status')).toMatch(/told +0 sources, 1 waiting/),
    );
    // What waits survives the end of the daemon.
    await first.stop();
    await fleet.startAgain(one);
    expect(await fleet.ask(one, 'status')).toMatch(/told +0 sources, 1 waiting/);
    await engine.resume();
    await eventually(async () => expect(await fleet.listOf(two)).toContain(scanner));
    expect(await fleet.ask(one, 'status')).toMatch(/told +1 source, 0 waiting/);
    expect(await engine.timesTold(scanner)).toBe(1);
  });

  test('forged probes are told to nobody', async () => {
    const fleet = fleetOf();
    const { lab, members, engine } = fleet;
    const [one] = members;
    // Not the ports that another daemon has held just now.
    const first = await fleet.start(one, 'TCP_PORTS="4000-4003"', ['-stcp']);
    const flags = ['--tcp', '--flags', 'syn', '-S', '198.51.100.7', '-p', '4000-4003'];
    const pace = ['-c', '2500', '--rate', '5000', '-q'];
    await lab.run(lab.scanner, ['nping', ...flags, ...pace, lab.wire.to.ipv4]);
    await first.waitForLine(/198\.51\.100\.7.* has been blocked/);
    await eventually(async () =>
      expect(await fleet.ask(one, 'why', '198.51.100.7')).toMatch(
        /is not told of it: its probes may be forged/,
      ),
    );
    expect(await fleet.ask(one, 'status')).toMatch(/told +0 sources, 0 waiting/);
    expect(await engine.timesTold('198.51.100.7')).toBe(0);
  });
}
