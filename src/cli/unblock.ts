import { Exit } from '../preflight/exit.ts';
import { askFor, BLOCK_TIMEOUT_MS, findSocket } from './ask.ts';
import type { UnblockOptions } from './invocation.ts';
import type { CommandOutput } from './output.ts';
import { readTarget } from './targets.ts';

/**
 * `portsentry unblock`. Throws a CommandError: 64 for a target that is not an address, 65 for one that is not blocked,
 * 69 when the release fails. --all succeeds even if nobody is blocked.
 */
export async function runUnblock(options: UnblockOptions, output: CommandOutput): Promise<Exit> {
  const { target, configfile } = options;
  const request =
    target === undefined
      ? ({ command: 'unblock-all' } as const)
      : ({ command: 'unblock', target: readTarget(target) } as const);
  const socket = findSocket(configfile, output);
  await output.stdout(`${await askFor<string>(socket, request, 'message', BLOCK_TIMEOUT_MS)}\n`);
  return Exit.ok;
}
