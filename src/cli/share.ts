import { hostname } from 'node:os';
import { loadConfigOrDefault } from '../config/load.ts';
import type { Status } from '../control/status.ts';
import { programVersion } from '../files/program.ts';
import { configError, refuseErrors } from '../preflight/config-error.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { oneLine } from '../record/one-line.ts';
import { engineOf } from '../share/choose.ts';
import { askFor, findSocket } from './ask.ts';
import type { ShareOptions } from './invocation.ts';
import { jsonLine } from './json.ts';
import type { CommandOutput } from './output.ts';
import { shareFacts } from './share-facts.ts';
import { renderFacts } from './table.ts';

/** The time for a whole test. */
const TEST_TIMEOUT_MS = 30_000;

const NOTHING_SHARED = 'nothing is shared: neither CROWDSEC_URL nor REDIS_URL is set';

/**
 * `portsentry share`: shows what the daemon shares; with --test tries the engine of the configuration, without the daemon.
 * Throws a CommandError; resolves to 69 when the engine does not do what is asked of it.
 */
export async function runShare(options: ShareOptions, output: CommandOutput): Promise<Exit> {
  return options.test ? testEngine(options, output) : showSharing(options, output);
}

async function showSharing({ configfile, json }: ShareOptions, output: CommandOutput): Promise<Exit> {
  const socket = findSocket(configfile, output);
  const { share } = await askFor<Status>(socket, { command: 'status' }, 'status');
  if (json) await output.stdout(jsonLine(share));
  else
    await output.stdout(
      share === null ? `The daemon says: ${NOTHING_SHARED}.\n` : renderFacts(shareFacts(share)),
    );
  return Exit.ok;
}

async function testEngine({ configfile, json }: ShareOptions, output: CommandOutput): Promise<Exit> {
  const loaded = loadConfigOrDefault(configfile);
  if (loaded.status !== 'read') throw new CommandError(Exit.noInput, loaded.reason);
  refuseErrors(loaded.findings);
  if (loaded.config === null) throw configError(loaded.findings);
  const own = { host: hostname(), version: programVersion(), wallNow: Date.now };
  const engine = engineOf(loaded.config, own);
  if (engine === null) throw new CommandError(Exit.config, NOTHING_SHARED);
  const lines = await engine.test(AbortSignal.timeout(TEST_TIMEOUT_MS));
  engine.close();
  const isGood = lines.every((line) => line.isGood);
  if (json) await output.stdout(jsonLine({ engine: engine.name, isGood, lines }));
  else {
    const text = lines.map((line) => `${line.isGood ? 'ok  ' : 'FAIL'}  ${oneLine(line.text)}\n`).join('');
    await output.stdout(`${engine.name}\n${text}`);
  }
  return isGood ? Exit.ok : Exit.unavailable;
}
