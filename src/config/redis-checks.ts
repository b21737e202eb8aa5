import type { At } from './command-checks.ts';
import type { Config } from './config.ts';
import { isLoopbackName } from './engine-address.ts';
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
  if (redisUrl === null)
    return KEYS.filter(([field]) => config[field] !== null).map(([, key]) =>
      at([key], 'warning', `${key} has no effect without REDIS_URL: nothing is shared by Redis`),
    );
  return [...pairs(config, at), ...inTheOpen(config, redisUrl, at)];
}

/** Keys of which one is of no use without the other. A password alone is that of the server's default user. */
function pairs(config: Config, at: At): Finding[] {
  const { shareKeyFile, redisUser, redisPasswordFile, redisCertFile, redisCertKeyFile } = config;
  const needs = (one: string, other: string) =>
    at([one], 'error', `${one}: expected ${other} beside it, found none`);
  const findings: Finding[] = [];
  if (shareKeyFile === null) findings.push(needs('REDIS_URL', 'SHARE_KEY_FILE'));
  if (redisUser !== null && redisPasswordFile === null)
    findings.push(needs('REDIS_USER', 'REDIS_PASSWORD_FILE'));
  if (redisCertFile !== null && redisCertKeyFile === null)
    findings.push(needs('REDIS_CERT_FILE', 'REDIS_CERT_KEY_FILE'));
  if (redisCertKeyFile !== null && redisCertFile === null)
    findings.push(needs('REDIS_CERT_KEY_FILE', 'REDIS_CERT_FILE'));
  return findings;
}

function inTheOpen({ redisCertFile, redisCaFile }: Config, text: string, at: At): Finding[] {
  const { protocol, hostname } = new URL(text);
  if (protocol === 'rediss:') return [];
  if (redisCertFile !== null || redisCaFile !== null)
    return [at(['REDIS_URL'], 'error', 'REDIS_URL: expected rediss: beside certificates, found redis:')];
  if (isLoopbackName(hostname)) return [];
  const message =
    'REDIS_URL: with redis: everybody on the way reads the password and whom hosts have blocked; they cannot say whom to block';
  return [at(['REDIS_URL'], 'warning', message)];
}
