// How long `open` takes with our filters, median of 5. After `make build`, as root, in a network namespace:
// unshare --net sh -c 'ip link set lo up; node native-notes/measure/filter-time.mjs'
import cap from 'cap';
import { filterText } from '../../dist/capture/filter.js';
import { PortSet } from '../../dist/config/ports.js';
import { parseAddress } from '../../dist/net/address.js';

/** Devices and their buffers. The binding uses them without holding a reference. */
const kept = [];

for (const ranges of [0, 1, 40, 200]) {
  const text = ranges === 0 ? 'less 1' : filterText(plan(ranges), '02:00:00:00:00:01');
  const times = Array.from({ length: 5 }, () => timeOpen(text)).sort((a, b) => a - b);
  console.log(`${ranges} ranges of each protocol and family: ${times[2].toFixed(1)} ms`);
}

function plan(ranges) {
  const pass = PortSet.of(
    Array.from({ length: ranges }, (_, i) => ({ first: 100 + i * 40, last: 101 + i * 40 })),
  );
  const ports = { pass, keepOut: new PortSet() };
  const idle = { pass: new PortSet(), keepOut: new PortSet() };
  const family = (address) => ({ addresses: [parseAddress(address)], tcp: ports, udp: ports, idle });
  const others = { bareFlags: [], chunkTypes: [], busyProtocols: [], icmpTypes: [], icmpv6Types: [] };
  return { v4: family('10.0.0.1'), v6: family('fd00::1'), ...others };
}

function timeOpen(filter) {
  const frame = Buffer.alloc(65_536);
  const device = new cap.Cap();
  kept.push(device, frame);
  const begun = performance.now();
  device.open('lo', filter, 2 * 1024 * 1024, frame);
  const time = performance.now() - begun;
  device.close();
  return time;
}
