import { QUERY_TIMEOUT_MS } from '../../src/cli/ask.ts';
import { DIRECTIVES } from '../../src/config/directives.ts';
import { ask } from '../../src/control/client.ts';
import type { BlockInfo } from '../../src/control/status.ts';
import { PROGRAM } from './detector.ts';
import type { Lab } from './lab.ts';
import type { Outcome } from './lab-process.ts';

/** Runs a command of portsentry on the victim, as an administrator does. */
export function order(lab: Lab, ...words: readonly string[]): Promise<Outcome> {
  return lab.run(lab.victim, [process.execPath, PROGRAM, ...words]);
}

/** The output of `portsentry list --json`, parsed; its times are text. */
export async function listedBlocks(lab: Lab): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { code, stdout, stderr } = await order(lab, 'list', '--json');
  if (code !== 0) throw new Error(`list: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** The same, straight from the control socket: without a new process for each question. */
export async function blocksOf(lab: Lab): Promise<readonly BlockInfo[]> {
  const blocks: BlockInfo[] = [];
  const socket = lab.victim.path(DIRECTIVES.controlSocket.default);
  for await (const response of ask(socket, { command: 'list' }, QUERY_TIMEOUT_MS)) {
    if (!response.ok) throw new Error(`list: ${response.error}`);
    if (response.fields.block !== undefined) blocks.push(response.fields.block as BlockInfo);
  }
  return blocks;
}

/** The targets of the blocks that are not known to be gone, in order. */
export async function targetsOf(lab: Lab): Promise<string[]> {
  return (await blocksOf(lab)).filter(({ inForce }) => inForce !== false).map(({ target }) => target);
}
