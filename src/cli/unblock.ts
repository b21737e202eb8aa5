import { Exit } from '../preflight/exit.ts';
import { askFor, findSocket, ORDER_TIME } from './ask.ts';
import type { UnblockOptions } from './invocation.ts';
import type { CommandOutput } from './output.ts';
import { readTarget } from './targets.ts';

/**
 * `portsentry unblock`. Throws a CommandError: 64 for what is no address, 65 for one that is not blocked, 69 when
 * it was tried and did not work. With --all it is well if nobody is blocked.
 */
export async function runUnblock(options: UnblockOptions, output: CommandOutput): Promise<Exit> {
  const { target, configfile } = options;
  const request =
    target === undefined
      ? ({ command: 'unblock-all' } as const)
      : ({ command: 'unblock', target: readTarget(target) } as const);
  const socket = findSocket(configfile, output);
  await output.stdout(`${await askFor<string>(socket, request, 'message', ORDER_TIME)}\n`);
  return Exit.ok;
}
