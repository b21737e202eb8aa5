/** The kernel's TCP counters that show whether listeners came or went. */
export interface TcpCounters {
  /** Sockets in use except those in TIME-WAIT; NaN when unknown. */
  readonly inUse4: number;
  readonly inUse6: number;
  /**
   * Moves with each listener, but not with scanners or callers of a service: the number of sockets other than
   * established connections, and the counters that show whether other sockets among them came or went.
   */
  readonly listeners: string;
  /** Moves with every connection. */
  readonly all: string;
}

/** The counters before the first look. */
export const NO_COUNTERS: TcpCounters = { inUse4: Number.NaN, inUse6: Number.NaN, listeners: '', all: '' };

const IN_USE_4 = /^TCP: inuse (\d+) orphan (\d+) tw (\d+)/m;
const IN_USE_6 = /^TCP6: inuse (\d+)/m;
const OPENS_AND_ESTABLISHED = /^Tcp: \d+ \d+ \d+ -?\d+ (\d+) (\d+ \d+ \d+) (\d+)/m;

/**
 * The counters from /proc/net/sockstat, sockstat6 and snmp (RFC 4022 has their names). A socket in use listens, is
 * established, connects (ActiveOpens), or is closing (orphans, TIME-WAIT). So a listener cannot replace another kind
 * of socket unnoticed, except for a connect from before the last look that has ended since.
 */
export function tcpCounters(sockstat: string, sockstat6: string, snmp: string): TcpCounters {
  const [, inUse4, orphans, timeWaits] = IN_USE_4.exec(sockstat) ?? [];
  const inUse6 = IN_USE_6.exec(sockstat6)?.[1] ?? '0';
  const [, activeOpens, passive, established] = OPENS_AND_ESTABLISHED.exec(snmp) ?? [];
  const others = Number(inUse4) + Number(inUse6) - Number(established);
  const closing = `${orphans} ${timeWaits} ${activeOpens}`;
  return {
    inUse4: Number(inUse4),
    inUse6: Number(inUse6),
    listeners: `${others} ${closing}`,
    all: `${inUse4} ${inUse6} ${established} ${closing} ${passive}`,
  };
}
