import { Kind } from '../classify/kind.ts';
import { PacketProbe } from '../classify/probe.ts';
import { FIRST_SOURCE, HOME } from '../net/documentation-addresses.ts';
import { MAX_PREFETCH } from '../track/source-table.ts';
import { SCAN_QUIET_MS, Tracker } from '../track/tracker.ts';

/** Sources that may be tracked, fewer than there are, so that some are pushed out. */
const SOURCES = 48;
const ROUNDS = 6;

/** In each round so many probes come from sources that were not there before. */
const NEW_SOURCES = 4;

/** Between rounds, ms: sources change their places in the order, and the table is swept. */
const PAUSE = 1_100;

/**
 * Plays a few probes to a tracker of its own before a replay of many. V8 compiles what it has seen run, and gives that up when
 * something else happens: without this it does so at the first source that is known already, at the first pause, at
 * the first that is pushed out, and each time some thousand frames go by slowly (bench/replay).
 */
export function warmUpTracking(): void {
  const limits = { trigger: 0, windowMs: SCAN_QUIET_MS, ipv6Prefix: 64 };
  const tracker = new Tracker({ ...limits, salt: 0, onScanEnd: () => {}, capacity: SOURCES });
  const probes = Array.from({ length: MAX_PREFETCH }, () => new PacketProbe());
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, probe] of probes.entries()) {
      const isNew = index >= MAX_PREFETCH - NEW_SOURCES;
      probe.kind = Kind.syn;
      probe.time = SCAN_QUIET_MS + round * PAUSE;
      probe.source.setV4(FIRST_SOURCE + (isNew ? round * MAX_PREFETCH : 0) + (index % SOURCES));
      probe.destination.setV4(HOME.w3 + (index & 3));
      probe.destinationPort = (index >> 2) + round;
    }
    tracker.prefetch(probes, MAX_PREFETCH);
    for (const probe of probes) tracker.observe(probe);
  }
}
