import type { Why } from '../../src/control/status.ts';
import { configure, PROGRAM, startDetector } from './detector.ts';
import type { Lab } from './lab.ts';
import type { Host } from './lab-host.ts';
import type { LabProcess } from './lab-process.ts';

/** What the tests and the benchmark of the coin test share. */

/** A configuration that blocks a source only when it is proven. */
export const PROOF_ALONE = `
SENSOR="kernel"
BLOCK_METHOD="nftables"
CHALLENGE="1"
BLOCK_SPOOFABLE="0"
SCAN_WINDOW="0"
`;

/** nmap's option for these decoys, with the scanner in their midst. */
export function amongDecoys(decoys: readonly string[]): string[] {
  const half = decoys.length >>> 1;
  return ['-D', [...decoys.slice(0, half), 'ME', ...decoys.slice(half)].join(',')];
}

/** Starts the detector with the coin test. */
export async function startChallenger(lab: Lab, more = ''): Promise<LabProcess> {
  configure(lab.victim, `${PROOF_ALONE}${more}`);
  return startDetector(lab, lab.victim);
}

/** What the detector knows of an address. */
export async function whyOf(lab: Lab, address: string): Promise<Why> {
  const command = [process.execPath, PROGRAM, 'why', '--json', address];
  const { stdout, stderr } = await lab.run(lab.victim, command);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Why;
}

/** Whether the address is blocked, which here takes a proof. */
export async function isProven(lab: Lab, address: string): Promise<boolean> {
  const { source, block } = await whyOf(lab, address);
  return block !== null && source?.evidence === 'reacts';
}

/** A table that counts what a host receives as RSTs, and what it sends in the protocol of the scan. */
const COUNTERS = `
table inet counted {
  counter resets { }
  counter sent { }
  chain in {
    type filter hook prerouting priority -400; policy accept;
    tcp flags & rst == rst counter name resets
  }
  chain out {
    type filter hook postrouting priority 400; policy accept;
    meta l4proto tcp counter name sent
    icmp type destination-unreachable counter name sent
  }
}
`;

/** Starts to count on the host whose address is forged. */
export async function countAtOwner(lab: Lab, owner: Host): Promise<void> {
  const { code, stderr } = await lab.run(owner, ['nft', COUNTERS]);
  if (code !== 0) throw new Error(`nft: ${stderr}`);
}

/** The RSTs that the host has got, and how many packets it has sent. */
export async function countsAtOwner(lab: Lab, owner: Host): Promise<{ resets: number; sent: number }> {
  const { stdout } = await lab.run(owner, ['nft', '-j', 'list', 'counters']);
  const { nftables } = JSON.parse(stdout) as { nftables: { counter?: { name: string; packets: number } }[] };
  const of = (name: string) => nftables.find(({ counter }) => counter?.name === name)?.counter?.packets ?? -1;
  return { resets: of('resets'), sent: of('sent') };
}
