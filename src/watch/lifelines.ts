import type { Address } from '../net/address.ts';
import { readGateways } from './lifelines/gateways.ts';
import { readResolvers } from './lifelines/resolvers.ts';
import { readSshPorts } from './lifelines/ssh-ports.ts';
import { readPeers } from './proc-net.ts';

/**
 * SSH peers that are spared. Nobody outside comes near it: sshd keeps 100 connections that have not logged in
 * (MaxStartups), and the kernel holds 128 more for it.
 */
const MAX_SSH_PEERS = 4_096;

/** Addresses without which this host is cut off, or its administrator shut out; each once. */
export interface Lifelines {
  readonly gateways: readonly Address[];
  readonly resolvers: readonly Address[];
  readonly sshPeers: readonly Address[];
}

/** Where the lifelines are to be read. */
export interface LifelinePaths {
  /** The kernel's tables of this process's network namespace. */
  readonly procNet: string;
  readonly resolvConf: string;
  /** The servers that a resolver on this host itself asks, in files like resolv.conf. */
  readonly upstreamResolvConf: readonly string[];
  /** Folders with sshd_config and sshd_config.d. */
  readonly ssh: readonly string[];
}

const OF_THIS_HOST: LifelinePaths = {
  procNet: '/proc/self/net',
  resolvConf: '/etc/resolv.conf',
  upstreamResolvConf: ['/run/systemd/resolve/resolv.conf', '/run/NetworkManager/no-stub-resolv.conf'],
  ssh: ['/etc/ssh', '/usr/etc/ssh'],
};

/**
 * Who must never be blocked by mistake (AUTO_IGNORE), as it is at this moment. Never throws: what cannot be read
 * names nobody. Takes 8 ms on an idle host, most of it for the connections (native-notes/sockets.md).
 */
export function lookupLifelines(paths = OF_THIS_HOST): Lifelines {
  return {
    gateways: readGateways(paths.procNet),
    resolvers: readResolvers(paths.resolvConf, paths.upstreamResolvConf),
    sshPeers: readSshPeers(paths),
  };
}

/** A connection from IPv4 to a socket on :: stands in tcp6, with a mapped address. */
function readSshPeers({ procNet, ssh }: LifelinePaths): Address[] {
  const ports = readSshPorts(ssh);
  const peers = readPeers(`${procNet}/tcp`, ports, MAX_SSH_PEERS);
  const room = MAX_SSH_PEERS - peers.length;
  return room === 0 ? peers : [...peers, ...readPeers(`${procNet}/tcp6`, ports, room)];
}
