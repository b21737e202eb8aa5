import type { At } from './command-checks.ts';
import type { Config } from './config.ts';
import { crowdsecFindings } from './crowdsec-checks.ts';
import type { Finding } from './finding.ts';
import { redisFindings } from './redis-checks.ts';

/** What this host may do at the engine, by its credentials and SHARE. */
export function sharingRoles(config: Config): { readonly pushes: boolean; readonly pulls: boolean } {
  const { share, redisUrl, crowdsecMachine, crowdsecPasswordFile, crowdsecKeyFile, crowdsecCertFile } =
    config;
  const isRedis = redisUrl !== null;
  const logsIn = (crowdsecMachine !== null && crowdsecPasswordFile !== null) || crowdsecCertFile !== null;
  const asks = crowdsecKeyFile !== null || crowdsecCertFile !== null;
  return { pushes: share !== 'pull' && (isRedis || logsIn), pulls: share !== 'push' && (isRedis || asks) };
}

/** Checks the keys of what is shared together. */
export function shareFindings(config: Config, at: At): Finding[] {
  return [
    ...oneEngine(config, at),
    ...crowdsecFindings(config, sharingRoles(config), at),
    ...redisFindings(config, at),
    ...forged(config, at),
  ];
}

function oneEngine({ crowdsecUrl, redisUrl }: Config, at: At): Finding[] {
  if (crowdsecUrl === null || redisUrl === null) return [];
  return [at(['REDIS_URL'], 'warning', 'REDIS_URL has no effect beside CROWDSEC_URL: one engine is used')];
}

function forged({ shareRepeated, crowdsecUrl, redisUrl }: Config, at: At): Finding[] {
  if (!shareRepeated || (crowdsecUrl === null && redisUrl === null)) return [];
  const message =
    'SHARE_REPEATED="1": anybody can forge repeated probes, and every host of the engine then blocks the address in whose name they came';
  return [at(['SHARE_REPEATED'], 'warning', message)];
}
