import type { At } from './command-checks.ts';
import type { Config } from './config.ts';
import { certificateFindings, needs, openFindings, withoutEffect } from './engine-checks.ts';
import type { Finding } from './finding.ts';

/** The keys that have no effect without REDIS_URL. */
const KEYS = [
  ['redisUser', 'REDIS_USER'],
  ['redisPasswordFile', 'REDIS_PASSWORD_FILE'],
  ['redisCertFile', 'REDIS_CERT_FILE'],
  ['redisCertKeyFile', 'REDIS_CERT_KEY_FILE'],
  ['redisCaFile', 'REDIS_CA_FILE'],
  ['shareKeyFile', 'SHARE_KEY_FILE'],
] as const;

/** Checks the keys of Redis together. */
export function redisFindings(config: Config, at: At): Finding[] {
  const { redisUrl } = config;
  if (redisUrl === null) return withoutEffect(config, KEYS, 'REDIS_URL', 'nothing is shared by Redis', at);
  return [...pairs(config, at), ...inTheOpen(config, redisUrl, at)];
}

/** Keys of which one is of no use without the other. A password alone is that of the server's default user. */
function pairs(config: Config, at: At): Finding[] {
  const { shareKeyFile, redisUser, redisPasswordFile, redisCertFile, redisCertKeyFile } = config;
  const findings: Finding[] = [];
  if (shareKeyFile === null) findings.push(needs('REDIS_URL', 'SHARE_KEY_FILE', at));
  if (redisUser !== null && redisPasswordFile === null)
    findings.push(needs('REDIS_USER', 'REDIS_PASSWORD_FILE', at));
  const cert = [redisCertFile, 'REDIS_CERT_FILE'] as const;
  const certKey = [redisCertKeyFile, 'REDIS_CERT_KEY_FILE'] as const;
  findings.push(...certificateFindings({ cert, certKey }, at));
  return findings;
}

function inTheOpen({ redisCertFile, redisCaFile }: Config, text: string, at: At): Finding[] {
  const hasCertificates = redisCertFile !== null || redisCaFile !== null;
  const risk =
    'everybody on the way reads the password and whom hosts have blocked; they cannot say whom to block';
  return openFindings(
    { key: 'REDIS_URL', text, secure: 'rediss:', open: 'redis:', hasCertificates, risk },
    at,
  );
}
