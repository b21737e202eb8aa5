// What a ring costs: MiB requested from `cap`, and MiB by which the process grew. As root: node native-notes/measure/ring.mjs 48
import { readFileSync } from 'node:fs';
import cap from 'cap';

const asked = Number(process.argv[2] ?? 48);
const before = residentMiB();
const frame = Buffer.alloc(65_536);
const device = new cap.Cap();
device.open('lo', 'less 1', asked * 1024 * 1024, frame);
console.log(`${asked} MiB asked, ${(residentMiB() - before).toFixed(1)} MiB resident`);
device.close();

function residentMiB() {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
}
