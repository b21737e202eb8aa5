import type { At } from './command-checks.ts';
import type { Config } from './config.ts';
import { isLoopbackName } from './engine-address.ts';
import type { Finding } from './finding.ts';

/** What this host may do at the engine. */
interface Roles {
  readonly pushes: boolean;
  readonly pulls: boolean;
}

/** Checks the keys of CrowdSec together. */
export function crowdsecFindings(config: Config, roles: Roles, at: At): Finding[] {
  const url = config.crowdsecUrl;
  if (url === null) return withoutUrl(config, at);
  return [...pairs(config, at), ...withoutRole(config, roles, at), ...inTheOpen(config, url, at)];
}

/** The keys that have no effect without CROWDSEC_URL. */
const KEYS = [
  ['crowdsecMachine', 'CROWDSEC_MACHINE'],
  ['crowdsecPasswordFile', 'CROWDSEC_PASSWORD_FILE'],
  ['crowdsecKeyFile', 'CROWDSEC_KEY_FILE'],
  ['crowdsecCertFile', 'CROWDSEC_CERT_FILE'],
  ['crowdsecCertKeyFile', 'CROWDSEC_CERT_KEY_FILE'],
  ['crowdsecCaFile', 'CROWDSEC_CA_FILE'],
] as const;

function withoutUrl(config: Config, at: At): Finding[] {
  return KEYS.filter(([field]) => config[field] !== null).map(([, key]) =>
    at([key], 'warning', `${key} has no effect without CROWDSEC_URL: nothing is shared`),
  );
}

/** Keys of which one is of no use without the other. A certificate stands in for a password. */
function pairs(config: Config, at: At): Finding[] {
  const { crowdsecMachine, crowdsecPasswordFile, crowdsecCertFile, crowdsecCertKeyFile } = config;
  const needs = (one: string, other: string) =>
    at([one], 'error', `${one}: expected ${other} beside it, found none`);
  const findings: Finding[] = [];
  if (crowdsecMachine !== null && crowdsecPasswordFile === null && crowdsecCertFile === null)
    findings.push(needs('CROWDSEC_MACHINE', 'CROWDSEC_PASSWORD_FILE or CROWDSEC_CERT_FILE'));
  if (crowdsecPasswordFile !== null && crowdsecMachine === null)
    findings.push(needs('CROWDSEC_PASSWORD_FILE', 'CROWDSEC_MACHINE'));
  if (crowdsecCertFile !== null && crowdsecCertKeyFile === null)
    findings.push(needs('CROWDSEC_CERT_FILE', 'CROWDSEC_CERT_KEY_FILE'));
  if (crowdsecCertKeyFile !== null && crowdsecCertFile === null)
    findings.push(needs('CROWDSEC_CERT_KEY_FILE', 'CROWDSEC_CERT_FILE'));
  return findings;
}

function withoutRole(config: Config, { pushes, pulls }: Roles, at: At): Finding[] {
  if (pushes || pulls) return [];
  const toPush = 'CROWDSEC_MACHINE and CROWDSEC_PASSWORD_FILE to tell others';
  const toPull = 'CROWDSEC_KEY_FILE to hear of others';
  const wanted = { both: `${toPush}, ${toPull}`, push: toPush, pull: toPull }[config.share];
  const message = `CROWDSEC_URL: expected ${wanted}, or CROWDSEC_CERT_FILE, found none of them`;
  return [at(['CROWDSEC_URL'], 'error', message)];
}

function inTheOpen({ crowdsecCertFile, crowdsecCaFile }: Config, text: string, at: At): Finding[] {
  const { protocol, hostname } = new URL(text);
  if (protocol !== 'http:') return [];
  if (crowdsecCertFile !== null || crowdsecCaFile !== null)
    return [at(['CROWDSEC_URL'], 'error', 'CROWDSEC_URL: expected https: beside certificates, found http:')];
  if (isLoopbackName(hostname)) return [];
  const message =
    'CROWDSEC_URL: with http: everybody on the way reads the password, and can say whom this host shuts out';
  return [at(['CROWDSEC_URL'], 'warning', message)];
}
