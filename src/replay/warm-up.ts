import { Kind } from '../classify/kind.ts';
import { PacketProbe } from '../classify/probe.ts';
import type { Engine } from '../engine.ts';
import { MAX_PREFETCH } from '../track/source-table.ts';
import { SCAN_QUIET_MS } from '../track/tracker.ts';

/** 192.0.2.1 and 198.51.100.1, in blocks for documentation (RFC 5737): a source and the host that it probes. */
const FIRST_SOURCE = 0xc0_00_02_01;
const HOME = 0xc6_33_64_01;

/** Sources that the warm-up tracks, fewer than it sends, so that some are evicted. */
const SOURCES = 48;
const ROUNDS = 6;

/** Probes of each round from sources that were not there before. */
const NEW_SOURCES = 4;

/** Between rounds: sources change their places in the order, and the table is swept. */
const PAUSE_MS = 1_100;

/**
 * Plays probes to a small engine before a replay of many. V8 compiles what it has seen run, and starts anew when
 * something else happens. Without the warm-up that is so at the first source that is known already, the first group
 * of decoys, the first pause and the first eviction, and each time some thousand frames go by slowly (bench/replay).
 */
export function warmUp(engine: Engine): void {
  const small = engine.ofCapacity(SOURCES);
  const probes = Array.from({ length: MAX_PREFETCH }, () => new PacketProbe());
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, probe] of probes.entries()) {
      const isNew = index >= MAX_PREFETCH - NEW_SOURCES;
      probe.kind = Kind.syn;
      probe.time = SCAN_QUIET_MS + round * PAUSE_MS;
      probe.source.setV4(FIRST_SOURCE + (isNew ? round * MAX_PREFETCH : 0) + (index % SOURCES));
      probe.destination.setV4(HOME + (round & 1));
      // Mostly in order, together with others, and some of each besides.
      probe.destinationPort = index % 7 === 6 ? 1_000 + index * 31 * round : round;
      probe.sourcePort = index % 5 === 4 ? index * 1_000 : index;
      probe.sequence = index;
    }
    small.takeAll(probes, MAX_PREFETCH);
  }
  small.close();
}
