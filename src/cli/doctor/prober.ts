/**
 * Runs in a separate network namespace, at the far end of the doctor's veth pair, and sends one probe for each line of
 * its standard input. It writes what came back as one line of JSON. It exits when its input ends; the kernel then removes the namespace and the pair. Nothing is left
 * even when the doctor is killed.
 */
import { createInterface } from 'node:readline';
import { sendProbe } from './send-probe.ts';
import type { NumberedOutcome, NumberedPort } from './veth.ts';

const [source = '', destination = ''] = process.argv.slice(2);

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { number, ...port } = JSON.parse(line) as NumberedPort;
    const outcome = await sendProbe(port, source, destination);
    process.stdout.write(`${JSON.stringify({ number, outcome } satisfies NumberedOutcome)}\n`);
  })
  .on('close', () => process.exit(0));
// unshare has created the namespace before this runs.
process.stdout.write('ready\n');
