import type { At } from './command-checks.ts';
import type { Config } from './config.ts';
import { certificateFindings, needs, openFindings, withoutEffect } from './engine-checks.ts';
import type { Finding } from './finding.ts';

/** What this host may do at the engine. */
interface Roles {
  readonly pushes: boolean;
  readonly pulls: boolean;
}

/** Checks the keys of CrowdSec together. */
export function crowdsecFindings(config: Config, roles: Roles, at: At): Finding[] {
  const url = config.crowdsecUrl;
  if (url === null) return withoutEffect(config, KEYS, 'CROWDSEC_URL', 'nothing is shared', at);
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

/** Keys of which one is of no use without the other. A certificate stands in for a password. */
function pairs(config: Config, at: At): Finding[] {
  const { crowdsecMachine, crowdsecPasswordFile, crowdsecCertFile, crowdsecCertKeyFile } = config;
  const findings: Finding[] = [];
  if (crowdsecMachine !== null && crowdsecPasswordFile === null && crowdsecCertFile === null)
    findings.push(needs('CROWDSEC_MACHINE', 'CROWDSEC_PASSWORD_FILE or CROWDSEC_CERT_FILE', at));
  if (crowdsecPasswordFile !== null && crowdsecMachine === null)
    findings.push(needs('CROWDSEC_PASSWORD_FILE', 'CROWDSEC_MACHINE', at));
  const cert = [crowdsecCertFile, 'CROWDSEC_CERT_FILE'] as const;
  const certKey = [crowdsecCertKeyFile, 'CROWDSEC_CERT_KEY_FILE'] as const;
  findings.push(...certificateFindings({ cert, certKey }, at));
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
  const hasCertificates = crowdsecCertFile !== null || crowdsecCaFile !== null;
  const risk = 'everybody on the way reads the password, and can say whom this host shuts out';
  return openFindings(
    { key: 'CROWDSEC_URL', text, secure: 'https:', open: 'http:', hasCertificates, risk },
    at,
  );
}
