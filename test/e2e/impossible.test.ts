import { afterEach, beforeEach, expect, test } from 'vitest';
import { alertsOf, configure, nmap, startDetector } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { startService } from '../support/services.ts';

/** Packets that no honest host sends are seen on a port in use, and on one that is not watched. */

let lab: Lab;

beforeEach(async () => {
  lab = await createLab({ name: 'impossible' });
  configure(lab.victim, 'BLOCK_TCP="0"\nADVANCED_PORTS_TCP="1024"\nADVANCED_EXCLUDE_TCP="113"');
});
afterEach(() => lab.close());

test('nmap to one service alone is told, and an honest client of it is not', async () => {
  await startService(lab, lab.victim, 'tcp-echo', 22);
  const detector = await startDetector(lab, lab.victim);
  // An honest connection to the service, to the end, and a probe of a port that is excluded.
  await nmap(lab, ['-sT', '-p22', '10.99.0.2']);
  await nmap(lab, ['-sX', '-p113', '10.99.0.2']);
  const scans: [string, string][] = [
    ['-sN', 'TCP NULL scan'],
    ['-sF', 'TCP FIN scan'],
    ['-sX', 'TCP XMAS scan'],
    ['--scanflags=SYNFIN', 'SYN: 1 FIN: 1 ACK: 0'],
    ['--scanflags=SYNRSTACK', 'SYN: 1 FIN: 0 ACK: 1 PSH: 0 URG: 0 RST: 1'],
  ];
  for (const [option, told] of scans) {
    const type = option.startsWith('--') ? ['-sS', option] : [option];
    for (const port of ['22', '50000']) {
      await nmap(lab, [...type, '-p', port, '10.99.0.2']);
      await detector.waitForLine(new RegExp(`${told}.* to TCP port: ${port}$`));
    }
  }
  const alerts = alertsOf(detector);
  expect(alerts.filter((line) => / SYN\/Normal | port: 113$/.test(line))).toEqual([]);
});
