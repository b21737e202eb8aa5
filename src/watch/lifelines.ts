import type { Address } from '../net/address.ts';
import { readGateways } from './lifelines/gateways.ts';
import type { Lifeline } from './lifelines/lifeline.ts';
import { readResolvers } from './lifelines/resolvers.ts';
import { readSshPorts } from './lifelines/ssh-ports.ts';
import { readPeers } from './proc-net.ts';

/**
 * The most SSH peers that are spared. An outsider cannot come near it: sshd keeps 100 connections that have not
 * logged in (MaxStartups), and the kernel queues 128 more.
 */
const MAX_SSH_PEERS = 4_096;

/** Addresses without which this host, or its administrator, is cut off; each once. */
export interface Lifelines {
  readonly gateways: readonly Lifeline[];
  readonly resolvers: readonly Lifeline[];
  readonly sshPeers: readonly Address[];
}

/** AUTO_IGNORE="0": no address is looked up. */
export const NO_LIFELINES: Lifelines = { gateways: [], resolvers: [], sshPeers: [] };

/** The files that name the lifelines. */
export interface LifelinePaths {
  /** The kernel's tables for this process's network namespace. */
  readonly procNet: string;
  readonly resolvConf: string;
  /** Files like resolv.conf with the servers that a resolver on this host asks. */
  readonly upstreamResolvConf: readonly string[];
  /** Folders that hold sshd_config and sshd_config.d. */
  readonly ssh: readonly string[];
}

const OF_THIS_HOST: LifelinePaths = {
  procNet: '/proc/self/net',
  resolvConf: '/etc/resolv.conf',
  upstreamResolvConf: ['/run/systemd/resolve/resolv.conf', '/run/NetworkManager/no-stub-resolv.conf'],
  ssh: ['/etc/ssh', '/usr/etc/ssh'],
};

/**
 * The current addresses that must never be blocked by mistake (AUTO_IGNORE). Never throws: a file that cannot be read
 * names no address. Takes 8 ms on an idle host, most of it for the connections (native-notes/sockets.md).
 */
export function lookupLifelines(paths = OF_THIS_HOST): Lifelines {
  return {
    gateways: readGateways(paths.procNet),
    resolvers: readResolvers(paths.resolvConf, paths.upstreamResolvConf),
    sshPeers: readSshPeers(paths),
  };
}

/** tcp6 lists a connection from IPv4 to a socket on ::, with a mapped address. */
function readSshPeers({ procNet, ssh }: LifelinePaths): Address[] {
  const ports = readSshPorts(ssh);
  const peers = readPeers(`${procNet}/tcp`, ports, MAX_SSH_PEERS);
  const room = MAX_SSH_PEERS - peers.length;
  return room === 0 ? peers : [...peers, ...readPeers(`${procNet}/tcp6`, ports, room)];
}
