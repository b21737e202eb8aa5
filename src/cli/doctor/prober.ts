/**
 * Runs in a separate network namespace, at the far end of the doctor's veth pair, and sends one probe for each line of
 * its standard input. It exits when its input ends; the kernel then removes the namespace and the pair. Nothing is left
 * even when the doctor is killed.
 */
import { createInterface } from 'node:readline';
import type { ProbePort } from './probe-path.ts';
import { sendProbe } from './send-probe.ts';

const [source = '', destination = ''] = process.argv.slice(2);

createInterface({ input: process.stdin })
  .on('line', (line) => sendProbe(JSON.parse(line) as ProbePort, source, destination))
  .on('close', () => process.exit(0));
// unshare has created the namespace before this runs.
process.stdout.write('ready\n');
