import type { Config } from '../config/config.ts';
import { sharingRoles } from '../config/share-checks.ts';
import { CrowdsecEngine } from './crowdsec/engine.ts';
import type { ShareEngine } from './engine.ts';
import { RedisEngine } from './redis/engine.ts';

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
  if (config.crowdsecUrl !== null) return crowdsecOf(config, config.crowdsecUrl, own);
  if (config.redisUrl !== null && config.shareKeyFile !== null)
    return redisOf(config, config.redisUrl, config.shareKeyFile, own);
  return null;
}

function crowdsecOf(config: Config, url: string, own: OwnHost): ShareEngine {
  return new CrowdsecEngine({
    ...own,
    url,
    machine: config.crowdsecMachine,
    files: {
      password: config.crowdsecPasswordFile,
      apiKey: config.crowdsecKeyFile,
      cert: config.crowdsecCertFile,
      certKey: config.crowdsecCertKeyFile,
      ca: config.crowdsecCaFile,
    },
    ...sharingRoles(config),
  });
}

function redisOf(config: Config, url: string, keyFile: string, own: OwnHost): ShareEngine {
  return new RedisEngine({
    ...own,
    url,
    user: config.redisUser,
    stream: config.redisStream,
    files: {
      password: config.redisPasswordFile,
      apiKey: null,
      cert: config.redisCertFile,
      certKey: config.redisCertKeyFile,
      ca: config.redisCaFile,
    },
    keyFile,
    ...sharingRoles(config),
  });
}
