import type { At } from './command-checks.ts';
import type { Config } from './config.ts';
import type { Finding } from './finding.ts';

/** What this host may do at the engine, by its credentials and SHARE. */
export function sharingRoles(config: Config): { readonly pushes: boolean; readonly pulls: boolean } {
  const { share, crowdsecMachine, crowdsecPasswordFile, crowdsecKeyFile, crowdsecCertFile } = config;
  const logsIn = (crowdsecMachine !== null && crowdsecPasswordFile !== null) || crowdsecCertFile !== null;
  const asks = crowdsecKeyFile !== null || crowdsecCertFile !== null;
  return { pushes: share !== 'pull' && logsIn, pulls: share !== 'push' && asks };
}

/** Checks the keys of what is shared together. */
export function shareFindings(config: Config, at: At): Finding[] {
  const url = config.crowdsecUrl;
  if (url === null) return withoutUrl(config, at);
  return [...pairs(config, at), ...roles(config, at), ...inTheOpen(config, url, at), ...forged(config, at)];
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

function roles(config: Config, at: At): Finding[] {
  const { pushes, pulls } = sharingRoles(config);
  if (pushes || pulls) return [];
  const toPush = 'CROWDSEC_MACHINE and CROWDSEC_PASSWORD_FILE to tell others';
  const toPull = 'CROWDSEC_KEY_FILE to hear of others';
  const wanted = { both: `${toPush}, ${toPull}`, push: toPush, pull: toPull }[config.share];
  const message = `CROWDSEC_URL: expected ${wanted}, or CROWDSEC_CERT_FILE, found none of them`;
  return [at(['CROWDSEC_URL'], 'error', message)];
}

/** Addresses that stay on this host. */
const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;

function inTheOpen({ crowdsecCertFile, crowdsecCaFile }: Config, text: string, at: At): Finding[] {
  const { protocol, hostname } = new URL(text);
  if (protocol !== 'http:') return [];
  if (crowdsecCertFile !== null || crowdsecCaFile !== null)
    return [at(['CROWDSEC_URL'], 'error', 'CROWDSEC_URL: expected https: beside certificates, found http:')];
  if (LOOPBACK.test(hostname)) return [];
  const message =
    'CROWDSEC_URL: with http: everybody on the way reads the password, and can say whom this host shuts out';
  return [at(['CROWDSEC_URL'], 'warning', message)];
}

function forged({ shareRepeated }: Config, at: At): Finding[] {
  if (!shareRepeated) return [];
  const message =
    'SHARE_REPEATED="1": anybody can forge repeated probes, and every host of the engine then blocks the address in whose name they came';
  return [at(['SHARE_REPEATED'], 'warning', message)];
}
