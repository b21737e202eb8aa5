/**
 * Runs in a network namespace of its own, at the far end of the doctor's veth pair, and sends a probe for each line.
 * It ends when its standard input does, and its namespace and the pair with it: so nothing is left even of a doctor
 * that was killed.
 */
import { createInterface } from 'node:readline';
import type { ProbePort } from './probe-path.ts';
import { sendProbe } from './send-probe.ts';

const [source = '', destination = ''] = process.argv.slice(2);

createInterface({ input: process.stdin })
  .on('line', (line) => sendProbe(JSON.parse(line) as ProbePort, source, destination))
  .on('close', () => process.exit(0));
// The namespace is there as soon as this runs.
process.stdout.write('ready\n');
