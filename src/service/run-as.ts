import { describeMissing, missingCapabilities } from '../capture/capabilities.ts';
import { loadConfigOrDefault } from '../config/load.ts';
import { modeNames, modesOf, startedModes } from '../config/modes.ts';
import { type Account, findAccount, mayUse, WRITE } from '../preflight/account.ts';
import { userFindings } from '../preflight/check-user.ts';
import { refuseErrors } from '../preflight/config-error.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { parseModes } from '../preflight/parse-modes.ts';
import { TO_HAND_OVER } from '../preflight/privileges.ts';
import type { RunOptions } from '../preflight/run-options.ts';
import { grant } from './grant.ts';

/** How the daemon runs as another user than root. */
export interface HandOver {
  readonly account: Account;
  /** The program that gives up root, with its arguments. The daemon's command line follows it. */
  readonly command: readonly string[];
}

/**
 * Prepares the files that USER needs and returns how to become USER. Returns null when USER is not set or this process
 * is not root. Leaves errors of the configuration to the start, which reports them. Throws a CommandError.
 */
export function planHandOver(options: RunOptions): HandOver | null {
  if (process.geteuid?.() !== 0) return null;
  const asked = parseModes(options.mode);
  const loaded = loadConfigOrDefault(options.configfile, undefined, asked === null ? null : modeNames(asked));
  if (loaded.status !== 'read' || loaded.config === null || loaded.config.user === null) return null;
  refuseErrors(userFindings(loaded));
  const { config } = loaded;
  const account = findAccount(loaded.config.user);
  if (account === null || account.uid === 0) return null;
  const missing = missingCapabilities(TO_HAND_OVER);
  if (missing.length > 0) {
    throw new CommandError(
      Exit.noPermission,
      `USER="${account.name}" cannot be had: ${describeMissing(missing)}; ` +
        'under systemd set User= and AmbientCapabilities= with systemctl edit portsentry instead',
    );
  }
  const modes = modeNames(asked ?? modesOf(startedModes(config)));
  try {
    grant(config, modes, options.pidfile, account);
  } catch (error) {
    throw new CommandError(Exit.ioError, `USER="${account.name}": ${(error as Error).message}`);
  }
  if (!options.dryRun && !mayUse(account, config.stateDir, WRITE)) {
    throw new CommandError(Exit.ioError, `USER="${account.name}" cannot write STATE_DIR ${config.stateDir}`);
  }
  return { account, command: setpriv(account, modes.includes('tcp') || modes.includes('udp')) };
}

/** Only the connect modes bind ports below 1024. */
function setpriv({ uid, gid }: Account, binds: boolean): string[] {
  const caps = `-all,+net_raw,+net_admin${binds ? ',+net_bind_service' : ''}`;
  return [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    `--bounding-set=${caps}`,
    `--inh-caps=${caps}`,
    `--ambient-caps=${caps}`,
    '--no-new-privs',
  ];
}
