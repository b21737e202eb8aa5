import type { BlockInfo } from '../../src/control/status.ts';
import { PROGRAM } from './detector.ts';
import type { Lab } from './lab.ts';
import type { Outcome } from './lab-process.ts';

/** Asks the detector of the victim, or gives it an order, as an administrator does. */
export function order(lab: Lab, ...words: readonly string[]): Promise<Outcome> {
  return lab.run(lab.victim, [process.execPath, PROGRAM, ...words]);
}

/** What `portsentry list` says. */
export async function blocksOf(lab: Lab): Promise<readonly BlockInfo[]> {
  const { code, stdout, stderr } = await order(lab, 'list', '--json');
  if (code !== 0) throw new Error(`list: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as BlockInfo);
}

/** The targets of the blocks that are in force, in order. */
export async function targetsOf(lab: Lab): Promise<string[]> {
  return (await blocksOf(lab)).filter(({ inForce }) => inForce).map(({ target }) => target);
}
