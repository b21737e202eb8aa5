import { existsSync, readdirSync } from 'node:fs';
import { readSmall } from './proc-net.ts';

const FORWARDING = ['/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv6/conf/all/forwarding'];
const NET_CLASS = '/sys/class/net';

/** Whether this host passes on packets of others: it may be a router, or its containers reach out through it. */
export function forwardsPackets(): boolean {
  return FORWARDING.some((file) => readSmall(file).trim() === '1');
}

/**
 * The bridges of this host without a physical port, by name: what comes in over one is from a container or a virtual
 * machine of this host.
 */
export function inwardBridges(folder = NET_CLASS): string[] {
  return list(folder).filter((name) => {
    if (!existsSync(`${folder}/${name}/bridge`)) return false;
    return !list(`${folder}/${name}/brif`).some((port) => existsSync(`${folder}/${port}/device`));
  });
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
