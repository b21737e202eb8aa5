import type { Gateway } from './lifelines/gateways.ts';
import type { Lifeline } from './lifelines/lifeline.ts';
import type { ResolverFiles } from './lifelines/resolvers.ts';
import type { Session } from './sessions/session.ts';
import type { Opened } from './tcp-peers.ts';

/** Addresses without which this host, or its administrator, is cut off; each once in its list. */
export interface Lifelines {
  readonly gateways: readonly Gateway[];
  readonly resolvers: readonly Lifeline[];
  readonly timeServers: readonly Lifeline[];
  readonly sessions: readonly Session[];
  /** The peers of connections that this host opened. */
  readonly opened: readonly Opened[];
}

/** AUTO_IGNORE="0": no address is looked up. */
export const NO_LIFELINES: Lifelines = {
  gateways: [],
  resolvers: [],
  timeServers: [],
  sessions: [],
  opened: [],
};

/** The files that name the lifelines. */
export interface LifelinePaths {
  readonly proc: string;
  /** The kernel's tables for this process's network namespace. */
  readonly procNet: string;
  readonly resolvers: ResolverFiles;
  /** Folders that hold sshd_config and sshd_config.d. */
  readonly ssh: readonly string[];
  readonly utmp: string;
  /** systemd-logind's files, one for each session. */
  readonly logind: string;
  readonly passwd: string;
}

/** Those of this host. */
export const OF_THIS_HOST: LifelinePaths = {
  proc: '/proc',
  procNet: '/proc/self/net',
  resolvers: {
    resolvConf: [
      '/etc/resolv.conf',
      '/run/systemd/resolve/resolv.conf',
      '/run/NetworkManager/no-stub-resolv.conf',
      '/run/NetworkManager/resolv.conf',
      '/run/dnsmasq/resolv.conf',
    ],
    unbound: ['/etc/unbound/unbound.conf', '/etc/unbound/unbound.conf.d/', '/etc/unbound/conf.d/'],
    dnsmasq: ['/etc/dnsmasq.conf', '/etc/dnsmasq.d/', '/etc/NetworkManager/dnsmasq.d/'],
  },
  ssh: ['/etc/ssh', '/usr/etc/ssh'],
  utmp: '/run/utmp',
  logind: '/run/systemd/sessions',
  passwd: '/etc/passwd',
};
