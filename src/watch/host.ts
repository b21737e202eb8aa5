import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { Device } from '../capture/devices.ts';
import { Address, parseAddress } from '../net/address.ts';
import { readSmall } from './proc-net.ts';

/** The kernel's name for Ethernet and what looks like it, such as 802.11 (if_arp.h). */
const ARPHRD_ETHER = '1';

/** A VRF has both flags: it is a master (IFF_MASTER) and asks for no hardware addresses (IFF_NOARP). */
const VRF_FLAGS = 0x480;

/** This host on the network, at one moment. */
export interface HostView {
  /** Its addresses of both families, loopback included. */
  readonly addresses: readonly Address[];
  /** The directed broadcast address of each of its IPv4 networks. */
  readonly broadcasts: readonly Address[];
  /** Interfaces that are up and have an address, by name. */
  readonly devices: readonly Device[];
}

/** Reads the interfaces of this host. */
export function viewHost(): HostView {
  const addresses: Address[] = [];
  const broadcasts: Address[] = [];
  const devices: Device[] = [];
  const interfaces = Object.entries(networkInterfaces()).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, entries = []] of interfaces) {
    for (const { address: text, netmask } of entries) {
      const address = parseAddress(text);
      if (address === null) continue;
      addresses.push(address);
      const broadcast = broadcastOf(address, netmask);
      if (broadcast !== null) broadcasts.push(broadcast);
    }
    const mac = hasHardwareAddresses(name) ? entries.find((entry) => !/^[0:]*$/.test(entry.mac))?.mac : null;
    const loopback = entries.some((entry) => entry.internal);
    devices.push({
      name,
      loopback,
      hardwareAddress: mac ?? null,
      enslaved: appearsOnMaster(name),
    });
  }
  return { addresses, broadcasts, devices };
}

/**
 * Whether frames of this interface have hardware addresses of Ethernet (ARPHRD_ETHER). Others have addresses, too: that of a
 * GRE tunnel is the first octets of its IP address, and libpcap refuses a filter that names it.
 */
export function hasHardwareAddresses(name: string, folder = '/sys/class/net'): boolean {
  return readSmall(`${folder}/${name}/type`).trim() === ARPHRD_ETHER;
}

/**
 * Whether what this interface receives appears on a master, too: it is a port of a bridge, a bond or the like. In a VRF the
 * interface itself has the address and the frames; its master shows copies of them as sent, and has no address.
 */
export function appearsOnMaster(name: string, folder = '/sys/class/net'): boolean {
  const master = `${folder}/${name}/master`;
  return existsSync(master) && (Number(readSmall(`${master}/flags`)) & VRF_FLAGS) !== VRF_FLAGS;
}

/** A text that is the same for equal views, to detect a change cheaply. */
export function hostKey(): string {
  return JSON.stringify(networkInterfaces());
}

/** null for IPv6, and for networks of one or two addresses, which have no directed broadcast (RFC 3021). */
function broadcastOf(address: Address, netmask: string): Address | null {
  const mask = parseAddress(netmask);
  if (!address.isV4 || mask === null || !mask.isV4 || mask.w3 >= 0xfffffffe) return null;
  return Address.v4(address.w3 | ~mask.w3);
}
