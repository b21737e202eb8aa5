import { mkdirSync } from 'node:fs';
import { release } from 'node:os';
import { dirname } from 'node:path';
import { describeMissing, missingCapabilities } from '../capture/capabilities.ts';
import { deviceNames, unknownDevices } from '../capture/devices.ts';
import type { Config } from '../config/config.ts';
import { DIRECTIVES } from '../config/directives.ts';
import { formatFinding } from '../config/finding.ts';
import { loadConfigOrDefault, type ParsedConfig } from '../config/load.ts';
import { type Modes, modeNames, modesOf, startedModes } from '../config/modes.ts';
import { challengeFindings } from './check-challenge.ts';
import { folderFindings, ignoreFileFindings } from './check-files.ts';
import { notifyFindings } from './check-notify.ts';
import { userFindings } from './check-user.ts';
import { configError, refuseErrors } from './config-error.ts';
import { CommandError, Exit } from './exit.ts';
import { parseModes } from './parse-modes.ts';
import { TO_CAPTURE } from './privileges.ts';
import type { RunOptions } from './run-options.ts';

/** The checked settings of a start or a reload. */
export interface Prepared {
  readonly config: Config;
  readonly modes: Modes;
  readonly interfaces: readonly string[];
  /** Warnings, one line each, for the log. */
  readonly warnings: readonly string[];
}

/**
 * Reads and checks everything that a run needs before it changes anything, because a daemon that starts halfway is
 * worse than none. Throws a CommandError that says what is wrong.
 */
export function prepareRun(options: RunOptions): Prepared {
  const asked = parseModes(options.mode);
  const names = asked === null ? null : modeNames(asked);
  const loaded = loadConfigOrDefault(options.configfile, undefined, names);
  if (loaded.status !== 'read') throw new CommandError(Exit.noInput, loaded.reason);
  const findings = [
    ...loaded.findings,
    ...folderFindings(loaded, { modes: names, rights: true }),
    ...ignoreFileFindings(loaded),
    ...userFindings(loaded),
    ...notifyFindings(loaded, { rights: true }),
    ...challengeFindings(loaded, release()),
  ];
  refuseErrors(findings);
  const { config } = loaded;
  if (config === null) throw configError(findings);
  const modes = asked ?? modesOf(startedModes(config));
  const interfaces = options.interface.length > 0 ? options.interface : config.interfaces;
  refuseUnknownDevices(interfaces);
  const missing = needsCapture(modes) ? missingCapabilities(TO_CAPTURE) : [];
  if (missing.length > 0) {
    const why = describeMissing(missing);
    throw new CommandError(Exit.noPermission, `capturing packets is not permitted: ${why}`);
  }
  makeDefaultFolders(loaded);
  const warnings = findings.filter(({ severity }) => severity === 'warning').map(formatFinding);
  return { config, modes, interfaces, warnings };
}

/** Whether one of the modes captures packets. The connect modes use sockets instead. */
export function needsCapture({ tcp, udp }: Modes): boolean {
  return (tcp !== null && tcp !== 'tcp') || (udp !== null && udp !== 'udp');
}

function refuseUnknownDevices(interfaces: readonly string[]): void {
  const [unknown] = unknownDevices(interfaces);
  if (unknown === undefined) return;
  const known = deviceNames().join(', ');
  throw new CommandError(
    Exit.unavailable,
    `no such interface: ${unknown}; there are: ${known}, ALL, ALL_NLO`,
  );
}

/** Makes the folders of default paths. Folders that the configuration names have been checked. */
function makeDefaultFolders({ config, settings }: ParsedConfig): void {
  for (const field of ['historyFile', 'blockedFile'] as const) {
    const path = config?.[field] ?? null;
    if (path === null || settings.has(DIRECTIVES[field].key)) continue;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new CommandError(Exit.ioError, `${dirname(path)}: cannot be made: ${(error as Error).message}`);
    }
  }
}
