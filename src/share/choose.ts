import type { Config } from '../config/config.ts';
import { sharingRoles } from '../config/share-checks.ts';
import { CrowdsecEngine } from './crowdsec/engine.ts';
import type { ShareEngine } from './engine.ts';

/** What an engine is told of this host. */
export interface OwnHost {
  /** The host's name. */
  readonly host: string;
  readonly version: string;
  /** The wall clock, ms since the epoch. */
  readonly wallNow: () => number;
}

/** The engine that the configuration names; null when nothing is shared. */
export function engineOf(config: Config, own: OwnHost): ShareEngine | null {
  if (config.crowdsecUrl === null) return null;
  const { pushes, pulls } = sharingRoles(config);
  return new CrowdsecEngine({
    ...own,
    url: config.crowdsecUrl,
    machine: config.crowdsecMachine,
    files: {
      password: config.crowdsecPasswordFile,
      apiKey: config.crowdsecKeyFile,
      cert: config.crowdsecCertFile,
      certKey: config.crowdsecCertKeyFile,
      ca: config.crowdsecCaFile,
    },
    pushes,
    pulls,
  });
}
