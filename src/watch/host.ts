import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { Device } from '../capture/devices.ts';
import { Address, parseAddress } from '../net/address.ts';

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
    const mac = entries.find((entry) => !/^[0:]*$/.test(entry.mac))?.mac ?? null;
    const loopback = entries.some((entry) => entry.internal);
    devices.push({
      name,
      loopback,
      hardwareAddress: mac,
      enslaved: existsSync(`/sys/class/net/${name}/master`),
    });
  }
  return { addresses, broadcasts, devices };
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
