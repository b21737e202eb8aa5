import type { Config } from '../config/config.ts';
import { DIRECTIVES, type Field } from '../config/directives.ts';
import type { Prepared } from '../preflight/prepare.ts';

/**
 * Keys that a reload leaves as they are. The ledger is read once, and its folder stays locked; a client finds the control
 * socket where it was; the sensor and the user were chosen when the daemon was still root; what waits for an engine is for
 * that engine.
 */
const KEPT = [
  'sensor',
  'nflogGroup',
  'stateDir',
  'controlSocket',
  'user',
  'crowdsecUrl',
  'crowdsecMachine',
  'crowdsecPasswordFile',
  'crowdsecKeyFile',
  'crowdsecCertFile',
  'crowdsecCertKeyFile',
  'crowdsecCaFile',
  'redisUrl',
  'redisUser',
  'redisPasswordFile',
  'redisStream',
  'redisCertFile',
  'redisCertKeyFile',
  'redisCaFile',
  'shareKeyFile',
  'share',
] as const satisfies readonly Field[];

/** The settings of a reload with those keys as they are in force, and the names of the keys that the file has changed. */
export function keepUntilRestart(
  prepared: Prepared,
  inForce: Config,
): { readonly prepared: Prepared; readonly waiting: readonly string[] } {
  const { config } = prepared;
  const changed = KEPT.filter((field) => config[field] !== inForce[field]);
  const kept = Object.fromEntries(changed.map((field) => [field, inForce[field]]));
  return {
    prepared: { ...prepared, config: { ...config, ...kept } },
    waiting: changed.map((field) => DIRECTIVES[field].key),
  };
}
